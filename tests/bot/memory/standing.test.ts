import { describe, expect, it } from 'vitest';
import type { Stake } from '#bot/evidence/ledger.ts';
import { memoryFacts } from '#bot/memory/facts.ts';
import type { Memory, Proposed } from '#bot/memory/memory.ts';
import { memoryOf } from '#bot/memory/memory-of.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { cycleOn, day, ledgerOf, material, proposalOn, recordOf } from './sample-memory.ts';

const FORECAST = { measure: 'netReturn', is: 'below', value: -0.02, afterDays: 30, probability: 0.8 } as const;
const KILL_RULE = { measure: 'netReturn', is: 'above', value: 0.05, afterDays: 10 } as const;
const STAKE: Stake = { hypothesis: 'Nothing is left in it.', riskTier: 3, forecast: FORECAST, killRule: KILL_RULE };

const proposedIn = ({ nights }: Memory): Proposed => nights[0]!.proposed!;
const nightsText = (memory: Memory): string => memoryFacts(memory)[0]!.text;

describe('a night that wanted a strategy to stop', () => {
  const ledger = ledgerOf([{ on: 20, decision: 'RETIRE', parentTree: 't0', stake: STAKE }]);
  const motion = { tree: null, evidence: null } as const;

  /** The version had run for twenty days with 1000 of capital when it was said. */
  function remembered(
    options: {
      proposal?: Partial<ReturnType<typeof proposalOn>> | null;
      until?: number | null;
      asOf?: number;
      netResult?: (at: number) => number;
    } = {},
  ): Memory {
    const { proposal = { mergedAt: null }, until = null, asOf = day(100), netResult = () => -30 } = options;
    const truth = (at: number): Partial<Truth> => ({ netResult: netResult(at) });
    const proposals = proposal === null ? [] : [{ ...proposalOn(20), ...motion, ...proposal }];
    return memoryOf(
      material({ ledger, proposals, asOf, record: recordOf({ t0: { since: day(0), until, capital: 1_000, truth } }) }),
    );
  }

  it('is scored by the version that ran on because people refused, its days counted from that night', () => {
    const netResult = (at: number) => (at <= day(50) ? -30 : 500);
    const memory = remembered({ netResult });
    expect(proposedIn(memory)).toMatchObject({
      fate: { state: 'closed' },
      claim: { kind: 'RETIRE', forecast: FORECAST },
      forecasts: [{ source: 'author', state: 'came-true', measured: -0.03, dueAt: day(50), why: null }],
      killRules: [{ source: 'author', state: 'tripped', trippedAt: day(51) }],
    });
    expect(memory.scores.overall).toMatchObject({ scored: 1 });
    expect(nightsText(memory)).toContain('what was foretold is of it running on, days counted from that night');
  });

  it('did not come true when it went well', () => {
    expect(proposedIn(remembered({ netResult: () => 10 })).forecasts[0]).toMatchObject({ state: 'did-not', measured: 0.01 });
  });

  it('waits until the days since that night have passed, and looks at nothing before', () => {
    const netResult = (at: number) => {
      if (at > day(49)) throw new Error('looked into the future');
      return -30;
    };
    expect(proposedIn(remembered({ asOf: day(49), netResult })).forecasts[0]).toMatchObject({ state: 'pending', dueAt: day(50) });
  });

  it('cannot be measured once it was retired, and says so', () => {
    const memory = remembered({ proposal: { mergedAt: day(21), closedAt: day(21) }, until: day(21) });
    const why = 'it was retired on 2026-01-22, as was proposed';
    expect(proposedIn(memory).forecasts).toMatchObject([{ state: 'censored', why }]);
    expect(proposedIn(memory).killRules).toMatchObject([{ state: 'censored', why }]);
    expect(memory.scores.overall).toMatchObject({ scored: 0, censored: 1 });
    expect(nightsText(memory)).toContain(`cannot be measured: ${why}`);
  });

  it('cannot be measured when another version took its place, or where no record tells', () => {
    expect(proposedIn(remembered({ until: day(30) })).forecasts[0]).toMatchObject({
      state: 'censored',
      why: 'it stopped, or another version took its place, on 2026-01-31',
    });
    const unheard = memoryOf(material({ ledger }));
    expect(proposedIn(unheard).forecasts[0]).toMatchObject({ state: 'unknown', why: expect.stringContaining('no record') });
  });

  it('is not left out where nobody tells what became of its pull request', () => {
    expect(proposedIn(remembered({ proposal: null }))).toMatchObject({
      fate: { state: 'unknown', pullRequest: null },
      forecasts: [{ state: 'came-true' }],
    });
  });
});

describe('a night that wanted to look in another way', () => {
  it('foretold nothing, and says by whom it is judged', () => {
    const stake: Stake = { hypothesis: 'Hours differ.', riskTier: 2, forecast: null, killRule: null };
    const ledger = ledgerOf([{ on: 20, decision: 'ANALYSIS', stake }]);
    const memory = memoryOf(material({ ledger, record: recordOf({}) }));
    expect(proposedIn(memory)).toMatchObject({ claim: { kind: 'ANALYSIS' }, forecasts: [], killRules: [], ran: null, now: null });
    expect(memory.scores.overall).toMatchObject({ scored: 0, pending: 0, unknown: 0 });
    expect(nightsText(memory)).toContain('nothing of it is scored: whoever read it judged its arithmetic');
  });
});

describe('a new strategy', () => {
  const ledger = ledgerOf([{ on: 0, decision: 'NEW' }]);
  const still = (): Partial<Truth> => ({ netResult: 0, drawdownWorst: 0 });
  const forecast = { measure: 'maxDrawdown', is: 'below', value: 0.1, afterDays: 30, probability: 0.9 } as const;
  const shadow = { since: day(1), until: null, capital: 1_000, isShadow: true, truth: still };
  const remembered = (versions: Parameters<typeof recordOf>[0], laterTrees: string[] = [], asOf = day(100)) => {
    const proposal = proposalOn(0, {
      strategy: 'carry',
      forecast,
      killRule: { ...KILL_RULE, is: 'below', value: -0.05 },
      laterTrees,
    });
    return memoryOf(material({ ledger, asOf, proposals: [proposal], record: recordOf(versions) }));
  };

  it('waits while it is in shadow, where an account that stands still would prove any promise to fall little', () => {
    const memory = remembered({ t0: shadow });
    const why = 'in shadow since 2026-01-02, where nothing trades';
    expect(proposedIn(memory)).toMatchObject({ ran: null, now: null });
    expect(proposedIn(memory).forecasts).toMatchObject([{ state: 'pending', dueAt: null, measured: null, why }]);
    expect(proposedIn(memory).killRules[0]).toMatchObject({ source: 'author', state: 'pending', why });
    expect(memory.scores.overall).toMatchObject({ scored: 0, pending: 1 });
    expect(nightsText(memory)).toContain(`waiting: ${why}`);
  });

  it('has its days begin on paper, where the same evidence was merged again at another stage', () => {
    const paper = { since: day(40), until: null, capital: 1_000, truth: () => ({ drawdownWorst: 0.2 }) };
    const versions = { t0: { ...shadow, until: day(40) }, t1: paper };
    expect(proposedIn(remembered(versions, ['t1'], day(69))).forecasts[0]).toMatchObject({ state: 'pending', dueAt: day(70) });
    expect(proposedIn(remembered(versions, ['t1']))).toMatchObject({
      ran: { since: day(40), until: null },
      forecasts: [{ state: 'did-not', measured: 0.2, dueAt: day(70) }],
    });
  });

  it('never ran when it left before it traded', () => {
    expect(proposedIn(remembered({ t0: { ...shadow, until: day(9) } })).forecasts[0]).toMatchObject({
      state: 'never-ran',
      why: 'it was in shadow from 2026-01-02 to 2026-01-10, and never traded',
    });
  });
});

it('a night of which the ledger keeps no stake is told without one, as before', () => {
  const ledger = ledgerOf([{ on: 0, decision: 'RETIRE' }]);
  const proposals = [{ ...proposalOn(0), tree: null, evidence: null }];
  expect(memoryOf(material({ ledger, proposals })).nights[0]).toMatchObject({
    cycle: cycleOn(0),
    proposed: { claim: null, forecasts: [] },
  });
});
