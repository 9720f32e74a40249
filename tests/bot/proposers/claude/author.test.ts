import { describe, expect, it } from 'vitest';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { author } from '#bot/proposers/claude/author.ts';
import type { Failure } from '#bot/proposers/claude/outcome.ts';
import type { Say } from '#bot/proposers/claude/say.ts';
import { judge } from '#bot/proposers/claude/structured.ts';
import type { VersionDecision } from '#bot/proposers/decision.ts';
import type { ProposerTask } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { MODULE, PARENT, PARENT_ID } from '#tests/evals/threat.ts';

/** What the model says, one after the other: words, or how a call failed. The static wall is the real one; what a version earns follows from its text. */
function conversation(...answers: readonly (object | string | Failure)[]) {
  const asked: { purpose: string; last: string }[] = [];
  const say: Say = async ({ purpose, messages, answer }) => {
    asked.push({ purpose, last: messages.at(-1)!.content });
    const next = answers[asked.length - 1] ?? { kind: 'overloaded' };
    if (typeof next === 'object' && 'kind' in next && FAILED.has(String(next.kind)))
      return { outcome: next as Failure, record: null };
    const text = typeof next === 'string' ? next : JSON.stringify(next);
    const judged = judge(text, answer!);
    if (judged.kind === 'fits') return { outcome: { kind: 'answered', text, value: judged.value }, record: null };
    return { outcome: { kind: judged.kind, text, what: judged.what }, record: null };
  };
  return { asked, mind: author({ say, by: '20260303-1', knownUntil: 7 }) };
}

const FAILED = new Set(['overloaded', 'refused', 'too-long', 'budget-spent', 'timed-out', 'cut']);
const result = (netReturn: number) => ({ metrics: { netReturn } }) as BacktestResult;

function taskOf(trials = 5): { readonly task: ProposerTask; readonly tried: string[] } {
  const tried: string[] = [];
  const task: ProposerTask = {
    incumbent: PARENT,
    incumbentResult: result(0.1),
    trials,
    seed: 1,
    evaluate: async (files, _label, strategy = PARENT_ID) => {
      tried.push(strategy);
      try {
        await readVersion(strategy, files);
      } catch (error) {
        if (error instanceof RatchetError) return { outcome: 'rejected', reason: error.message };
        throw error;
      }
      return { outcome: 'scored', result: result(files.get('manifest.yaml')!.includes('slow: 34') ? 0.2 : 0.05) };
    },
  };
  return { task, tried };
}

const LINE = { measure: 'netReturn', is: 'above', value: 0, afterDays: 30 } as const;
const WAGER = {
  reason: 'Fees.',
  hypothesis: 'Slower is cheaper.',
  riskTier: 1 as const,
  forecast: { ...LINE, probability: 0.6 },
  killRule: LINE,
};
const decisionOf = (kind: VersionDecision['kind']): VersionDecision => ({ kind, ...WAGER });
const edit = (path: string, find: string, replace: string) => ({ changes: ['slow: 21 → 34'], edits: [{ path, find, replace }] });
const SLOWER = edit('manifest.yaml', 'slow: 21', 'slow: 34');
const ATTACKS = edit('strategy.ts', 'return context.hold', "fetch('https://example.invalid'); return context.hold");

describe('what a model decides', () => {
  it.each<object>([
    { kind: 'NO_CHANGE', reason: 'Too little to tell.' },
    decisionOf('TWEAK'),
    decisionOf('RESTRUCTURE'),
    decisionOf('NEW'),
    { kind: 'RETIRE', ...WAGER },
    { kind: 'ANALYSIS', module: 'market', reason: 'x', hypothesis: 'y', riskTier: 2 },
  ])('may be $kind', async (decision) => {
    const { mind, asked } = conversation(decision);
    expect(await mind.decide([])).toEqual({ kind: 'decided', decision });
    expect(asked.map(({ purpose }) => purpose)).toEqual(['decide']);
  });

  it('goes back twice when it is no JSON or has not the form, with what is wrong, and is nothing then', async () => {
    const { mind, asked } = conversation('Certainly!', { kind: 'MERGE' }, { kind: 'TWEAK', reason: 'no wager' });
    expect(await mind.decide([])).toEqual({ kind: 'nothing', reason: expect.stringMatching(/of no use/) });
    expect(asked).toHaveLength(3);
    expect(asked[2]!.last).toMatch(/title="what is wrong"[\s\S]*kind/);
  });

  it('goes back when its words hide something, and is taken when they do not', async () => {
    const hidden = { ...decisionOf('TWEAK'), hypothesis: 'Slower \u{E0041}is cheaper.' };
    const { mind, asked } = conversation(hidden, decisionOf('TWEAK'));
    expect(await mind.decide([])).toEqual({ kind: 'decided', decision: decisionOf('TWEAK') });
    expect(asked[1]!.last).toMatch(/hypothesis: an invisible character \(U\+E0041\)/);
  });

  it.each<[Failure, RegExp]>([
    [{ kind: 'refused', category: null }, /refused to answer/],
    [{ kind: 'too-long' }, /more to say/],
    [{ kind: 'cut' }, /broke before/],
    [{ kind: 'timed-out' }, /took too long/],
    [{ kind: 'budget-spent', backAt: 0, needed: 9, left: 1 }, /tokens for the model are spent/],
  ])('is nothing at once, with the reason, when the call is $kind', async (failure, why) => {
    const { mind, asked } = conversation(failure);
    expect(await mind.decide([])).toEqual({ kind: 'nothing', reason: expect.stringMatching(why) });
    expect(asked).toHaveLength(1);
  });
});

describe('a model whose words cannot be kept', () => {
  it('decides nothing, with the reason, and a program that is broken is not taken for that', async () => {
    const decide = (error: Error) => author({ say: () => Promise.reject(error), by: '20260303-1', knownUntil: null }).decide([]);
    const full = new RatchetError('claude/thoughts', 'The disk is full.', 'See to it.');
    expect(await decide(full)).toEqual({ kind: 'nothing', reason: 'The disk is full. See to it.' });
    await expect(decide(new TypeError('no such thing'))).rejects.toThrow('no such thing');
  });
});

describe('a version that a model writes', () => {
  it('is a candidate when it did better, under the wager that was made before', async () => {
    const { mind, asked } = conversation(SLOWER);
    const { task, tried } = taskOf();
    const { reason: _said, ...wager } = decisionOf('TWEAK');
    expect(await mind.write(decisionOf('TWEAK'), [], task)).toEqual({
      kind: 'candidate',
      candidate: {
        files: new Map(PARENT).set('manifest.yaml', PARENT.get('manifest.yaml')!.replace('slow: 21', 'slow: 34')),
        claim: { ...wager, changes: ['slow: 21 → 34'], proposer: 'claude', knownUntil: 7 },
      },
    });
    expect([asked.map(({ purpose }) => purpose), tried]).toEqual([['write'], [PARENT_ID]]);
  });

  it('hears what the static wall found, where, and may be right the second time', async () => {
    const { mind, asked } = conversation(ATTACKS, SLOWER);
    const { task, tried } = taskOf();
    const { kind } = await mind.write(decisionOf('TWEAK'), [], task);
    expect([kind, tried]).toEqual(['candidate', [PARENT_ID]]);
    expect(asked[1]).toMatchObject({ purpose: 'correct', last: expect.stringMatching(/strategy\.ts:\d+:\d+: .*fetch/) });
  });

  it('hears at once of every fault that can be seen: all of the static wall, TypeScript’s, and what is hidden in its words', async () => {
    const everything = {
      changes: ['slow: 21 → 34', 'no\u200Bthing else'],
      edits: [
        { path: 'strategy.ts', find: 'return context.hold', replace: `fetch('x');\n    eval('1');\n    return context.hold` },
        { path: 'strategy.ts', find: 'target(0.9,', replace: `target('0.9',` },
        { path: 'manifest.yaml', find: 'stage: paper', replace: 'stage: live # \u202Enot' },
      ],
    };
    const { mind, asked } = conversation(everything, SLOWER);
    await mind.write(decisionOf('TWEAK'), [], taskOf().task);
    const { last } = asked[1]!;
    expect(last).toMatch(/strategy\.ts:\d+:\d+: .*fetch/);
    expect(last).toMatch(/strategy\.ts:\d+:\d+: .*eval/);
    expect(last).toMatch(/strategy\.ts:\d+:\d+: Argument of type 'string' .* 'number'\. \(TS2345\)/);
    expect(last).toMatch(/manifest\.yaml: .*only people change it/);
    expect(last).toMatch(/manifest\.yaml:3:1: .*U\+202E/);
    expect(last).toMatch(/changes 2: .*U\+200B/);
  });

  it('is not tried while TypeScript refuses it, though it would run', async () => {
    const { mind, asked } = conversation(edit('strategy.ts', 'target(0.9,', "target('0.9' as unknown as boolean,"), SLOWER);
    const { task, tried } = taskOf();
    await mind.write(decisionOf('TWEAK'), [], task);
    expect(asked[1]!.last).toContain('TS2345');
    expect(tried).toEqual([PARENT_ID]);
  });

  it('is nothing after two corrections, however it attacks', async () => {
    const { mind, asked } = conversation(
      ATTACKS,
      edit('strategy.ts', 'return context.hold', 'process.exit(1); return context.hold'),
      edit('strategy.ts', 'return context.hold', "(() => {}).constructor('return this')(); return context.hold"),
      SLOWER,
    );
    expect(await mind.write(decisionOf('TWEAK'), [], taskOf().task)).toMatchObject({ kind: 'nothing' });
    expect(asked).toHaveLength(3);
  });

  it.each([
    ['finds nothing', edit('manifest.yaml', 'gone', 'x'), /does not stand/],
    ['finds two places', edit('strategy.ts', 'fast', 'x'), /more than once/],
    ['moves the stage', edit('manifest.yaml', 'stage: paper', 'stage: live'), /only people change it/],
    ['moves the id', edit('manifest.yaml', 'id: ema-pair', 'id: other'), /the id is ema-pair/],
    ['leaves the folder', edit('../../policies/autonomy.yaml', 'x', 'y'), /expected one of "manifest.yaml"/],
    ['writes evidence', edit('evidence/pack.json', 'x', 'y'), /expected one of "manifest.yaml"/],
  ])('is not tried when an edit %s, and hears so', async (_what, answer, why) => {
    const { mind, asked } = conversation(answer, { kind: 'refused', category: null } as Failure);
    const { task, tried } = taskOf();
    await mind.write(decisionOf('TWEAK'), [], task);
    expect(asked[1]!.last).toMatch(why);
    expect(tried).toEqual([]);
  });

  it('is told of no result: one that did no better ends it', async () => {
    const { mind, asked } = conversation(edit('manifest.yaml', 'slow: 21', 'slow: 22'), SLOWER);
    expect(await mind.write(decisionOf('TWEAK'), [], taskOf().task)).toEqual({
      kind: 'nothing',
      reason: expect.stringMatching(/no better/),
    });
    expect(asked).toHaveLength(1);
  });

  it('is not tried without trials', async () => {
    const { task, tried } = taskOf(0);
    expect(await conversation(SLOWER).mind.write(decisionOf('TWEAK'), [], task)).toMatchObject({ kind: 'nothing' });
    expect(tried).toEqual([]);
  });

  it('starts in shadow under another id when it is new, whatever the model would have', async () => {
    const files = (id: string, stage: string) => ({
      changes: ['another strategy'],
      files: [...PARENT].map(([path, text]) => ({
        path,
        text: text
          .replace('id: ema-pair', `id: ${id}`)
          .replace('stage: paper', `stage: ${stage}`)
          .replace('slow: 21\n', 'slow: 34\n'),
      })),
    });
    const { mind, asked } = conversation(files('ema-pair', 'shadow'), files('ema-two', 'live'), files('ema-two', 'shadow'));
    const { task, tried } = taskOf();
    const work = await mind.write(decisionOf('NEW'), [], task);
    expect(work).toMatchObject({ kind: 'candidate', candidate: { strategy: 'ema-two', claim: { kind: 'NEW' } } });
    expect([asked[1]!.last, asked[2]!.last]).toEqual([
      expect.stringMatching(/needs another id/),
      expect.stringMatching(/`stage: shadow`/),
    ]);
    expect(tried).toEqual(['ema-two']);
  });
});

describe('a module that a model writes', () => {
  const decision = { kind: 'ANALYSIS', module: 'trades', reason: 'x', hypothesis: 'y', riskTier: 1 } as const;

  it('hears what its check says, at most twice', async () => {
    const text = `${MODULE}// more\n`;
    const check = async (written: string) => (written.includes('again') ? null : 'trades.ts:3: it asks too much');
    const { mind, asked } = conversation(
      { changes: ['a'], text: MODULE },
      { changes: ['a'], text },
      { changes: ['a'], text: `${text}// again\n` },
    );
    expect(await mind.writeModule(decision, [], MODULE, check)).toEqual({
      kind: 'module',
      changes: ['a'],
      text: `${text}// again\n`,
    });
    expect(asked.map(({ last }) => last).slice(1)).toEqual([
      expect.stringMatching(/as it was/),
      expect.stringMatching(/it asks too much/),
    ]);
  });

  it('hears at once all that the static wall and TypeScript find, and is not asked in the sandbox before that is mended', async () => {
    const text = MODULE.replace('return {', "fetch('x');\n    const count: string = 7;\n    return {");
    const checked: string[] = [];
    const { mind, asked } = conversation({ changes: ['a'], text }, { changes: ['a'], text: `${MODULE}// more\n` });
    await mind.writeModule(decision, [], MODULE, async (written) => {
      checked.push(written);
      return null;
    });
    expect(asked[1]!.last).toMatch(/trades\.ts:\d+:\d+: .*fetch[\s\S]*trades\.ts:\d+:\d+: Type 'number' .*\(TS2322\)/);
    expect(checked).toEqual([`${MODULE}// more\n`]);
  });
});
