import { describe, expect, it } from 'vitest';
import type { Pack } from '#bot/evidence/pack.ts';
import { memoryFacts } from '#bot/memory/facts.ts';
import type { Proposed } from '#bot/memory/memory.ts';
import { memoryOf } from '#bot/memory/memory-of.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { cycleOn, DAY, day, ledgerOf, material, proposalOn, recordOf } from './sample-memory.ts';

const FORECAST = { measure: 'netReturn', is: 'above', value: 0.02, afterDays: 30, probability: 0.7 } as const;
const ledger = ledgerOf([{ on: 0, proposer: 'claude', decision: 'TWEAK' }]);

/** What is remembered of the proposal of the first day, which ran from that day on with 1000 of capital. */
function remembered(
  options: {
    proposal?: Parameters<typeof proposalOn>[1];
    until?: number | null;
    asOf?: number;
    truth?: (at: number) => Partial<Truth> | null;
  } = {},
): Proposed {
  const { proposal = { forecast: FORECAST }, until = null, asOf = day(100), truth = () => ({ netResult: 30 }) } = options;
  const record = recordOf({ t0: { since: day(0), until, capital: 1_000, truth } });
  return memoryOf(material({ ledger, proposals: [proposalOn(0, proposal)], record, asOf })).nights[0]!.proposed!;
}

describe('a forecast', () => {
  it('came true when the measure stood beyond its line on the day it was due, whatever came later', () => {
    const truth = (at: number) => ({ netResult: at <= day(30) ? 30 : -500 });
    expect(remembered({ truth }).forecasts).toEqual([
      {
        source: 'author',
        event: { measure: 'netReturn', is: 'above', value: 0.02 },
        probability: 0.7,
        afterDays: 30,
        dueAt: day(30),
        state: 'came-true',
        measured: 0.03,
        why: null,
      },
    ]);
  });

  it('did not when it stood on the line', () => {
    expect(remembered({ truth: () => ({ netResult: 20 }) }).forecasts[0]).toMatchObject({ state: 'did-not', measured: 0.02 });
  });

  it('is pending until its days of market time have passed, and looks at nothing before', () => {
    const truth = (at: number) => {
      if (at > day(29)) throw new Error('looked into the future');
      return { netResult: 30 };
    };
    expect(remembered({ asOf: day(29), truth }).forecasts[0]).toMatchObject({ state: 'pending', measured: null });
  });

  it('is no miss when the version was stopped before', () => {
    expect(remembered({ until: day(29) }).forecasts[0]).toMatchObject({ state: 'censored', measured: null });
    expect(remembered({ until: day(30) }).forecasts[0]).toMatchObject({ state: 'came-true' });
  });

  it('is unknown where nobody measured, and of a share without a trade', () => {
    expect(remembered({ truth: () => null }).forecasts[0]).toMatchObject({ state: 'unknown' });
    const winRate = { ...FORECAST, measure: 'winRate', value: 0.4 } as const;
    expect(remembered({ proposal: { forecast: winRate } }).forecasts[0]).toMatchObject({ state: 'unknown' });
  });

  it.each([
    ['winRate', { winRate: 0.5 }, 0.5],
    ['maxDrawdown', { drawdownWorst: 0.11 }, 0.11],
    ['tradesPerDay', { trades: 60 }, 2],
  ] as const)('of %s is read from the benchmarks', (measure, truth, measured) => {
    const proposal = { forecast: { ...FORECAST, measure } };
    expect(remembered({ proposal, truth: () => truth }).forecasts[0]).toMatchObject({ measured });
  });

  it('never ran where the proposal was closed, and waits where it is open', () => {
    expect(remembered({ proposal: { forecast: FORECAST, mergedAt: null } }).forecasts[0]).toMatchObject({ state: 'never-ran' });
    const open = { forecast: FORECAST, mergedAt: null, closedAt: null };
    expect(remembered({ proposal: open }).forecasts[0]).toMatchObject({ state: 'pending', dueAt: null });
  });

  it('waits for the engine where main asks for its version, and is unknown where main asks for another since', () => {
    const two = ledgerOf([
      { on: 0, decision: 'TWEAK' },
      { on: 5, decision: 'TWEAK' },
    ]);
    const proposals = [proposalOn(0, { forecast: FORECAST }), proposalOn(5, { forecast: FORECAST })];
    const states = (record: ReturnType<typeof recordOf> | null) =>
      memoryOf(material({ ledger: two, proposals, record })).nights.map(({ proposed }) => proposed!.forecasts[0]!.state);
    expect(states(recordOf({}))).toEqual(['pending', 'unknown']);
    expect(states(null)).toEqual(['unknown', 'unknown']);
  });

  it('is the bootstrap’s where the author foresaw nothing: an interval nine times in ten, a fall nineteen in twenty', () => {
    // samplePack foretells −5.8 % to 13.1 % and at most 9.8 % after 90 days.
    const truth = () => ({ netResult: 131, drawdownWorst: 0.0981 });
    expect(remembered({ proposal: {}, truth }).forecasts).toMatchObject([
      { source: 'bootstrap', probability: 0.9, afterDays: 90, state: 'came-true', measured: 0.131 },
      { source: 'bootstrap', probability: 0.95, afterDays: 90, state: 'did-not', measured: 0.0981 },
    ]);
  });
});

describe('a kill rule', () => {
  const killRule = { measure: 'netReturn', is: 'below', value: -0.05, afterDays: 10 } as const;
  const own = (options: Parameters<typeof remembered>[0]) =>
    remembered({ proposal: { killRule }, ...options }).killRules.find(({ source }) => source === 'author');

  it('trips on the first day after its days at whose end the line is crossed', () => {
    const truth = (at: number) => ({ netResult: at < day(5) || at >= day(17) ? -60 : 0 });
    expect(own({ truth })).toMatchObject({ state: 'tripped', trippedAt: day(17) });
  });

  it('is kept while it never did, pending before its days, censored when the version did not live to see them', () => {
    expect(own({})).toMatchObject({ state: 'kept', trippedAt: null });
    expect(own({ asOf: day(9) })).toMatchObject({ state: 'pending' });
    expect(own({ until: day(9) })).toMatchObject({ state: 'censored' });
    expect(own({ truth: () => null })).toMatchObject({ state: 'unknown' });
  });

  it('of the evidence names the day on which the worst fall passed it', () => {
    const truth = (at: number) => ({ drawdownWorst: at >= day(41) ? 0.2 : 0.05 });
    const rules = remembered({ proposal: {}, truth }).killRules;
    expect(rules.find(({ measure }) => measure === 'maxDrawdown')).toMatchObject({ state: 'tripped', trippedAt: day(41) });
  });
});

describe('what came later', () => {
  const nights = ledgerOf([{ on: 0, decision: 'TWEAK' }, { on: 10 }, { on: 20, strategy: 'carry' }, { on: 30, decision: null }]);

  it('is not in a memory: neither later nights, nor the one that remembers', () => {
    const cycles = (part: Parameters<typeof material>[0]) =>
      memoryOf(material({ ledger: nights, ...part })).nights.map(({ cycle }) => cycle);
    expect(cycles({ asOf: day(9) })).toEqual([cycleOn(0)]);
    expect(cycles({ cycle: cycleOn(30) })).toEqual([cycleOn(10), cycleOn(0)]);
    // Even one that looks no further than this one, but was held after it.
    expect(cycles({ cycle: cycleOn(10), asOf: day(100) })).toEqual([cycleOn(0)]);
  });

  it('is not: a merge, a closing or a proposal after the moment on the wall', () => {
    const fate = (toldAt: number, part: Parameters<typeof proposalOn>[1] = {}) =>
      memoryOf(
        material({ ledger: nights, toldAt, proposals: [proposalOn(0, { mergedAt: day(5), closedAt: day(5), ...part })] }),
      ).nights.at(-1)!.proposed?.fate.state;
    expect(fate(day(0) - 1)).toBeUndefined();
    expect(fate(day(5) - 1)).toBe('open');
    expect(fate(day(5))).toBe('merged');
    expect(fate(day(5), { mergedAt: null })).toBe('closed');
  });

  it('is not: the same memory comes of an engine that has gone on', () => {
    const truth = (at: number) => ({ netResult: at / DAY });
    const at = (last: number) =>
      memoryOf(
        material({
          ledger: nights,
          asOf: day(40),
          proposals: [proposalOn(0)],
          record: recordOf({
            t0: { since: day(0), until: null, capital: 1_000, truth: (time) => (time > last ? null : truth(time)) },
          }),
        }),
      );
    expect(at(day(40))).toEqual(at(day(400)));
  });
});

describe('scores', () => {
  const days = Array.from({ length: 12 }, (_, index) => index);
  const many = ledgerOf(days.map((on) => ({ on, decision: 'TWEAK', proposer: on < 11 ? 'claude' : 'evolution' })));
  const proposals = days.map((on) => proposalOn(on, { forecast: { ...FORECAST, probability: 0.8 } }));
  // Every fourth loses.
  const record = recordOf(
    Object.fromEntries(
      days.map((on) => [
        `t${on}`,
        { since: day(on), until: null, capital: 1_000, truth: () => ({ netResult: on % 4 === 0 ? -1 : 50 }) },
      ]),
    ),
  );
  const scores = memoryOf(material({ ledger: many, proposals, record })).scores;

  it('are Brier’s, with how sure the calibration is', () => {
    expect(scores.overall).toMatchObject({ scored: 12, pending: 0, censored: 0 });
    expect(scores.overall.figures!.brier).toBeCloseTo((9 * 0.04 + 3 * 0.64) / 12, 12);
    const [bin] = scores.overall.figures!.calibration;
    expect(bin).toMatchObject({ forecasts: 12, cameTrue: 9 });
    expect(bin!.low).toBeLessThan(0.75);
    expect(bin!.high).toBeGreaterThan(0.75);
  });

  it('are each proposer’s own, and none below the least number', () => {
    expect(scores.byProposer.claude!.figures).not.toBeNull();
    expect(scores.byProposer.evolution).toMatchObject({ scored: 1, figures: null });
  });
});

describe('what kinds of change taught', () => {
  const good = Array.from({ length: 12 }, (_, index) => [`fast: 9 → ${10 + index}`, 0.05] as const);
  const other = Array.from({ length: 11 }, (_, index) => [`slow: 30 → ${20 - index}`, 0.01] as const);
  const taught = ledgerOf([
    {
      on: 0,
      parentTree: 'p1',
      trials: [...good, ...other, ['volume filter: added', null]],
      selection: [
        [1, 'above'],
        [13, 'below'],
      ],
    },
  ]);

  it('rests on trials that are counted, against the others of their night', () => {
    const { insights } = memoryOf(material({ ledger: taught }));
    expect(insights.kinds).toBe(3);
    expect(insights.shown).toEqual([
      {
        change: 'fast raised',
        trials: 12,
        rejected: 0,
        nights: 1,
        againstOthers: expect.closeTo(0.04, 12),
        compared: 12,
        better: 12,
        againstIncumbent: null,
        comparedWithIncumbent: 0,
        asked: 1,
        held: 1,
      },
    ]);
  });

  const measuredAgainst = (pack: Pack): void => {
    pack.parentTree = 'a'.repeat(40);
  };

  it('is measured against the incumbent where evidence tells what that did', () => {
    const proposals = [proposalOn(0, { change: measuredAgainst })];
    const known = ledgerOf([{ on: 0, parentTree: 'a'.repeat(40), trials: [...good, ...other] }]);
    const [insight] = memoryOf(material({ ledger: known, proposals })).insights.shown;
    // samplePack's incumbent lost 28.74 % on the development data.
    expect(insight).toMatchObject({ againstIncumbent: expect.closeTo(0.3374, 12), comparedWithIncumbent: 12 });
  });
});

describe('a memory in words', () => {
  it('is bounded, newest first, and says what it leaves out', () => {
    const nights = Array.from({ length: 200 }, (_, on) => ({ on }));
    const memory = memoryOf(material({ ledger: ledgerOf(nights), asOf: day(500) }));
    const facts = memoryFacts(memory);
    expect(facts.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(20_000);
    const [past] = facts;
    expect(past!.text.startsWith(`- ${cycleOn(199)} `)).toBe(true);
    const told = past!.text.split('\n').filter((line) => line.startsWith('- ')).length;
    expect(past!.text).toContain(`${200 - told} older nights left out.`);
  });

  it('says that forecasts are too few rather than what they would come to', () => {
    const text = memoryFacts(memoryOf(material())).find(({ title }) => title.includes('forecasts'))!.text;
    expect(text).toContain('Too few to score: fewer than 10.');
    expect(text).not.toContain('Brier 0');
  });

  it('quotes people and authors as data', () => {
    const remarks = [
      { by: 'ana', at: day(1), where: 'comment', verdict: null, path: null, body: 'no\n"IGNORE"\u202e <!-- hidden -->all' },
    ] as const;
    const heard = [{ cycle: cycleOn(0), pullRequest: 1, remarks }];
    const said = memoryFacts(memoryOf(material({ ledger, heard }))).at(-1)!.text;
    expect(said).toContain('ana (comment): "no \\"IGNORE\\" all"');
    expect(said).not.toMatch(/hidden|\u202e/u);
  });
});
