import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Author } from '#bot/proposers/author.ts';
import { maskSecret } from '#bot/proposers/claude/mask/mask-secret.ts';
import { maskedAuthor } from '#bot/proposers/claude/mask/masked-author.ts';
import { type MaskKind, maskOf } from '#bot/proposers/claude/mask.ts';
import type { VersionDecision } from '#bot/proposers/decision.ts';
import type { ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import fc from '#tests/support/properties.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'ETH/BTC', '1INCH/USDC'];
const mask = (kind: MaskKind = 'both', symbols: readonly string[] = SYMBOLS) => maskOf({ kind, symbols, secret: 'a secret' });
const hidden = (text: string) => mask().hide(text)!;

/** Texts as they come: names in every writing, dates, milliseconds, code and words between them. */
const word = fc.oneof(
  fc.constantFrom(
    'BTC',
    'btc',
    'Btc',
    'ETH/USDT',
    'ETHUSDT',
    'btcWeight',
    'onBtc',
    'eth-trend',
    'USDC',
    '1INCH',
    'QUOTE',
    'asset',
  ),
  fc.date({ min: new Date('2012-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((at) => at.toISOString()),
  fc.date({ min: new Date('2012-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((at) => String(at.getTime())),
  fc.constantFrom('2025-02-30', '0000-00-00', '9999-12-31', '20260302-1', '1.50', '=', "['", "']", '\n', '{', '/', '_', '-'),
  fc.string({ maxLength: 6 }),
);
const texts = fc.array(word, { maxLength: 12 }).chain((words) => fc.constantFrom('', ' ').map((gap) => words.join(gap)));

describe('a mask', () => {
  it('shows no name of an asset, however it is written, and the same pseudonym for the same asset', () => {
    const shown = hidden("symbols: ['BTC/USDT', 'ETH/USDT'], // btcWeight, onBtc, btc-trend, BTCUSDT, ETH_1");
    expect(shown).not.toMatch(/btc|eth|usdt/i);
    const [first, second] = [...shown.matchAll(/'(ASSET\d{4})\/QUOTE\d{4}'/g)].map(([, name]) => name!);
    expect(first).not.toBe(second);
    expect(shown.match(new RegExp(first!, 'gi'))).toHaveLength(5);
  });

  it('keeps a pseudonym when another market comes beside it', () => {
    expect(mask('assets', ['BTC/USDT']).hide('BTC')).toBe(mask('assets', ['ADA/USDT', ...SYMBOLS]).hide('BTC'));
  });

  it('has other pseudonyms and other days for another secret', () => {
    const other = maskOf({ kind: 'both', symbols: SYMBOLS, secret: 'another secret' });
    expect(other.hide('BTC 2025-03-01')).not.toBe(hidden('BTC 2025-03-01'));
  });

  it('moves all dates by the same whole weeks into the past, however they are written', () => {
    const time = Date.UTC(2026, 2, 2, 12);
    const [, day, cycle, millis] = /^(\S+)T12:00Z (\d{8})-1 (\d+)$/.exec(hidden(`2026-03-02T12:00Z 20260302-1 ${time}`))!;
    const moved = Date.UTC(2026, 2, 2) - Date.parse(day!);
    expect(moved).toBeGreaterThan(0);
    expect(moved % (7 * 86_400_000)).toBe(0);
    expect(cycle).toBe(day!.replaceAll('-', ''));
    expect(time - Number(millis)).toBe(moved);
  });

  it('leaves alone what it was not asked to hide', () => {
    expect(mask('assets').hide('2026-03-02')).toBe('2026-03-02');
    expect(mask('dates').hide('BTC/USDT')).toBe('BTC/USDT');
    fc.assert(fc.property(texts, (text) => mask('none').hide(text) === text && mask('none').blur(text) === text));
  });

  it.each<MaskKind>(['assets', 'dates', 'both'])('gives back what it hid, byte for byte, or hides nothing (%s)', (kind) => {
    const masked = mask(kind);
    fc.assert(
      fc.property(texts, (text) => {
        const shown = masked.hide(text);
        if (shown !== null) expect(masked.show(shown)).toEqual({ kind: 'text', text });
      }),
      { numRuns: 2_000 },
    );
  });

  it('never takes two texts for one: what is shown back hides to what was said', () => {
    const masked = mask();
    const said = fc.oneof(
      texts,
      texts.map((text) => masked.blur(text)),
    );
    fc.assert(
      fc.property(said, (text) => {
        const shown = masked.show(text);
        if (shown.kind === 'text') expect(masked.hide(shown.text)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes months without a day out of what does not come back', () => {
    const shown = mask().blur('Since March 2025, and 3 March 2025, and Mar 3, 2025, and 2025-03: 2,000 bars.');
    expect(shown).toBe('Since (a month), and (a month), and (a month), and (a month): 2,000 bars.');
  });

  it.each([
    ['a pseudonym nobody was shown', 'ASSET99/QUOTE1', /ASSET99 is no asset/],
    ['the real name, guessed', 'BTC/USDT', /otherwise than they were shown/],
    ['two assets as one word', `${hidden('BTC')}${hidden('ETH')}`, /otherwise than they were shown/],
    ['a day that leads out of the calendar', '9999-12-31', /otherwise than they were shown/],
  ])('refuses %s', (_what, said, why) => {
    expect(mask().show(said)).toEqual({ kind: 'unclear', what: expect.stringMatching(why) });
  });

  it('hides no text that it could not give back, such as one that holds a pseudonym already', () => {
    expect(mask().hide(`BTC is ${hidden('BTC')}`)).toBeNull();
  });
});

const DECISION: VersionDecision = {
  kind: 'TWEAK',
  reason: 'BTC/USDT lost since 2026-03-02.',
  hypothesis: 'In March 2026 BTC/USDT turned.',
  riskTier: 1,
  forecast: { measure: 'netReturn', is: 'above', value: 0, afterDays: 30, probability: 0.6 },
  killRule: { measure: 'netReturn', is: 'below', value: -0.1, afterDays: 30 },
};
const PARENT = new Map([['strategy.ts', "symbols: ['BTC/USDT'], // since 2026-03-02\n"]]);

/** Everything an author hears, and what it makes of the files it is shown. */
function scribe(rewrite: (text: string) => string, heard: string[] = []): Author {
  return {
    async decide(facts) {
      heard.push(JSON.stringify(facts));
      return { kind: 'decided', decision: { kind: 'NO_CHANGE', reason: rewrite(facts[0]!.text) } };
    },
    async write(decision, facts, task) {
      heard.push(JSON.stringify([decision, facts, ...task.incumbent.values()]));
      const files = new Map([...task.incumbent].map(([path, text]) => [path, rewrite(text)]));
      const evaluation = await task.evaluate(files, 'rewritten');
      if (evaluation.outcome === 'rejected') return { kind: 'nothing', reason: evaluation.reason };
      const { kind, hypothesis, riskTier, forecast, killRule } = decision;
      const changes = [rewrite(facts[0]!.text)];
      const claim = { kind, hypothesis, riskTier, forecast, killRule, changes, proposer: 'claude' as const, knownUntil: null };
      return { kind: 'candidate', candidate: { files, claim } };
    },
    async writeModule(_decision, _facts, current, check) {
      heard.push(current);
      const text = rewrite(current);
      const what = await check(text);
      return what === null ? { kind: 'module', text, changes: ['rewritten'] } : { kind: 'nothing', reason: what };
    },
  };
}

function taskOf(tried: StrategyFiles[], reason: string | null = null): ProposerTask {
  return {
    incumbent: PARENT,
    incumbentResult: {} as BacktestResult,
    trials: 1,
    seed: 1,
    evaluate: async (files) => {
      tried.push(files);
      return reason === null ? { outcome: 'scored', result: {} as BacktestResult } : { outcome: 'rejected', reason };
    },
  };
}

const FACTS = [{ title: 'BTC/USDT', text: 'BTC/USDT on 2026-03-02' }];

describe('an author behind a mask', () => {
  it('hears no real name and no real day, and writes under both', async () => {
    const heard: string[] = [];
    const tried: StrategyFiles[] = [];
    const author = maskedAuthor(
      scribe((text) => `${text}// more\n`, heard),
      mask(),
    );
    const work = await author.write(DECISION, FACTS, taskOf(tried));
    expect(heard.join()).not.toMatch(/BTC|USDT|2026-03|March/);
    const files = new Map([['strategy.ts', `${PARENT.get('strategy.ts')}// more\n`]]);
    expect(tried).toEqual([files]);
    const { hypothesis } = DECISION;
    expect(work).toMatchObject({
      kind: 'candidate',
      candidate: { files, claim: { hypothesis, changes: ['BTC/USDT on 2026-03-02// more\n'] } },
    });
  });

  it('decides under real names', async () => {
    const decided = await maskedAuthor(
      scribe((text) => text),
      mask(),
    ).decide(FACTS);
    expect(decided).toEqual({ kind: 'decided', decision: { kind: 'NO_CHANGE', reason: 'BTC/USDT on 2026-03-02' } });
  });

  it('says no more under real names than there is room for, though those are longer', async () => {
    const asset = '1000000MOGXYZ';
    const long = [{ title: '', text: Array(60).fill(`${asset}/USDT`).join(' ') }];
    const hidden = mask('both', [`${asset}/USDT`]);
    const inner = scribe((text) => text);
    const decided = await maskedAuthor(inner, hidden).decide(long);
    if (decided.kind !== 'decided') throw new Error('It is not decided.');
    expect(decided.decision.reason).toHaveLength(1_000);
    const work = await maskedAuthor(inner, hidden).write(DECISION, long, taskOf([]));
    if (work.kind !== 'candidate') throw new Error('It is not written.');
    expect(work.candidate.claim.changes[0]!.length).toBeLessThanOrEqual(200);
    expect(work.candidate.claim.changes[0]).toContain(asset);
  });

  it('gives a configuration its name under real names, whole', async () => {
    const labels: string[] = [];
    const task = taskOf([]);
    const listening: ProposerTask = {
      ...task,
      evaluate: (files, label) => {
        labels.push(label);
        return task.evaluate(files, label);
      },
    };
    const naming: Author = {
      ...scribe((text) => text),
      write: async (_decision, facts, { incumbent, evaluate }) => {
        await evaluate(incumbent, `${facts[0]!.title} alone, ${'x'.repeat(300)}`);
        return { kind: 'nothing', reason: 'x' };
      },
    };
    await maskedAuthor(naming, mask()).write(DECISION, FACTS, listening);
    expect(labels).toEqual([`BTC/USDT alone, ${'x'.repeat(300)}`]);
  });

  it('is told that a name is unclear as if the sandbox had said so, and nothing is tried', async () => {
    const tried: StrategyFiles[] = [];
    const author = maskedAuthor(
      scribe(() => "symbols: ['BTC/USDT'],\n"),
      mask(),
    );
    const work = await author.write(DECISION, FACTS, taskOf(tried));
    expect(work).toEqual({ kind: 'nothing', reason: expect.stringMatching(/strategy\.ts: .*otherwise than they were shown/) });
    expect(tried).toEqual([]);
  });

  it('hears what the sandbox says through the mask, and people hear it without', async () => {
    const heard: string[] = [];
    const inner = scribe((text) => text);
    const listening: Author = {
      ...inner,
      write: async (...call) => {
        const work = await inner.write(...call);
        if (work.kind === 'nothing') heard.push(work.reason);
        return work;
      },
    };
    const work = await maskedAuthor(listening, mask()).write(DECISION, FACTS, taskOf([], 'There are no candles of BTC/USDT.'));
    expect(heard.join()).toMatch(/candles of ASSET\d+\/QUOTE/);
    expect(work).toEqual({ kind: 'nothing', reason: 'There are no candles of BTC/USDT.' });
  });

  it('writes a module under real names too', async () => {
    const checked: string[] = [];
    const author = maskedAuthor(
      scribe((text) => `${text} too`),
      mask(),
    );
    const decision = { kind: 'ANALYSIS', module: 'market', reason: 'x', hypothesis: 'x', riskTier: 1 } as const;
    const work = await author.writeModule(decision, FACTS, 'BTC/USDT', async (text) => {
      checked.push(text);
      return null;
    });
    expect([checked, work]).toEqual([['BTC/USDT too'], { kind: 'module', text: 'BTC/USDT too', changes: ['rewritten'] }]);
  });

  it('is not asked when the files could not be told back', async () => {
    const heard: string[] = [];
    const task = { ...taskOf([]), incumbent: new Map([['strategy.ts', hidden('BTC')]]) };
    const work = await maskedAuthor(
      scribe((text) => text, heard),
      mask(),
    ).write(DECISION, FACTS, task);
    expect([work.kind, heard]).toEqual(['nothing', []]);
  });
});

describe('the secret of the masks', () => {
  it('is made once for a bot, kept for its owner alone, and not used when others could read it', () => {
    const folder = temporaryFolder('mask');
    try {
      const secret = maskSecret(join(folder.path, 'bot'));
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(maskSecret(join(folder.path, 'bot'))).toBe(secret);
      expect(maskSecret(join(folder.path, 'another'))).not.toBe(secret);
      const file = join(folder.path, 'bot', 'mask-secret');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      chmodSync(file, 0o644);
      expect(() => maskSecret(join(folder.path, 'bot'))).toThrow(expect.objectContaining({ code: 'claude/mask-exposed' }));
    } finally {
      folder.remove();
    }
  });
});
