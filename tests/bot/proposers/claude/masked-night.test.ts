import { expect, it } from 'vitest';
import { author } from '#bot/proposers/claude/author.ts';
import { maskedAuthor } from '#bot/proposers/claude/mask/masked-author.ts';
import { maskOf } from '#bot/proposers/claude/mask.ts';
import type { Say } from '#bot/proposers/claude/say.ts';
import { judge } from '#bot/proposers/claude/structured.ts';
import type { ProposerTask } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { PARENT as UNNAMED } from '#tests/evals/threat.ts';

const MANIFEST = UNNAMED.get('manifest.yaml')!;
const SOURCE = UNNAMED.get('strategy.ts')!;
const PARENT = new Map([
  [
    'manifest.yaml',
    MANIFEST.replace('ema-pair', 'btc-trend').replace(/description: .*/, 'description: Follows BTC/USDT since 2026-03-02.'),
  ],
  ['strategy.ts', SOURCE],
]);
const TWICE = SOURCE.replace("['BTC/USDT']", "['BTC/USDT', 'BTC/USDT']");

/** The author itself, with a model that repeats what it was shown. */
it('a model that was shown pseudonyms writes a version of the real strategy', async () => {
  const masked = maskOf({ kind: 'both', symbols: ['BTC/USDT', 'ETH/USDT'], secret: 's' });
  const shown: string[] = [];
  const say: Say = async ({ messages, answer }) => {
    const content = messages.at(-1)!.content;
    shown.push(content);
    const symbol = /ASSET\d+\/QUOTE\d+/.exec(content)![0];
    const edits = [{ path: 'strategy.ts', find: `['${symbol}']`, replace: `['${symbol}', '${symbol}']` }];
    const text = JSON.stringify({ changes: [`${symbol} twice`], edits });
    const judged = judge(text, answer!);
    if (judged.kind !== 'fits') throw new Error(judged.what);
    return { outcome: { kind: 'answered', text, value: judged.value }, record: null };
  };
  const tried: string[] = [];
  const task: ProposerTask = {
    incumbent: PARENT,
    incumbentResult: { metrics: { netReturn: 0 } } as BacktestResult,
    trials: 1,
    seed: 1,
    evaluate: async (files, label) => {
      tried.push(label, files.get('strategy.ts')!);
      return { outcome: 'scored', result: { metrics: { netReturn: 1 } } as BacktestResult };
    },
  };
  const facts = [...PARENT].map(([path, text]) => ({ title: `strategies/btc-trend/${path}`, text }));
  const work = await maskedAuthor(author({ say, by: '20260303-1', knownUntil: null }), masked).write(
    {
      kind: 'TWEAK',
      reason: 'BTC/USDT fell.',
      hypothesis: 'BTC/USDT turns.',
      riskTier: 1,
      forecast: { measure: 'netReturn', is: 'above', value: 0, afterDays: 30, probability: 0.6 },
      killRule: { measure: 'netReturn', is: 'below', value: -0.1, afterDays: 30 },
    },
    facts,
    task,
  );
  expect(shown.join()).not.toMatch(/btc|usdt|2026-03-02/i);
  expect(tried).toEqual(['BTC/USDT twice', TWICE]);
  const files = new Map(PARENT).set('strategy.ts', TWICE);
  expect(work).toMatchObject({ kind: 'candidate', candidate: { files, claim: { hypothesis: 'BTC/USDT turns.' } } });
});
