import { beforeAll, describe, expect, it } from 'vitest';
import { buildPack } from '#bot/evidence/build-pack.ts';
import { EVIDENCE_PATHS, evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { Pack } from '#bot/evidence/pack.ts';
import { renderPullRequest } from '#bot/evidence/render.ts';
import { report } from '#bot/evidence/report.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { sampleContext } from '#tests/support/sample-pack.ts';
import { smallMarket, version } from './small-market.ts';

/** The page and the report of a pack show no number that is none. */
function expectReadable(pack: Pack): void {
  const { title, body } = renderPullRequest(pack, sampleContext());
  for (const text of [title, body, report(pack)]) expect(text).not.toMatch(/\b(?:NaN|Infinity|undefined|null)\b/);
}

describe('the pack', () => {
  let market: Awaited<ReturnType<typeof smallMarket>>;
  let pack: Pack;

  beforeAll(async () => {
    market = await smallMarket();
    pack = await buildPack(market.inputs, market.open);
  }, 120_000);

  it('is the same bytes when it is made again', async () => {
    expect(canonicalJson(await buildPack(market.inputs, market.open))).toBe(canonicalJson(pack));
  }, 120_000);

  it('says how much each of its numbers rests on', () => {
    expect(pack.statistics).toMatchObject({
      observations: 60,
      trials: { raw: 20, effective: 5 },
      overfitting: { trials: 8, splits: 6 },
      bestOfNight: { trials: 8 },
      permutation: { permutations: 3, configurations: 2, resolution: 0.25 },
    });
    expect(pack.walkForward.configurations).toBe(4);
    expect(pack.walkForward.rolling.windows).toHaveLength(3);
    expect(pack.capacity.rows.map(({ capital }) => capital)).toEqual([10_000, 1_000_000]);
    expect(pack.prediction?.days).toBe(20);
  });

  it('agrees with itself', () => {
    const { candidate, incumbent, comparison, costs, statistics, equity, regimes } = pack;
    const lead = candidate.selection.metrics.netReturn - incumbent.selection.metrics.netReturn;
    expect(comparison.incumbent.netReturn!.point).toBeCloseTo(lead, 10);
    expect(costs[0]).toMatchObject({
      candidate: candidate.selection.metrics.netReturn,
      incumbent: incumbent.selection.metrics.netReturn,
    });
    expect(statistics.sharpe).toBeCloseTo(candidate.selection.metrics.sharpe!, 10);
    expect(statistics.intervals.netReturn!.point).toBeCloseTo(candidate.selection.metrics.netReturn, 10);
    expect(equity.candidate.at(-1)! / pack.capital - 1).toBeCloseTo(candidate.selection.metrics.netReturn, 12);
    expect(regimes.reduce((sum, { days }) => sum + days, 0)).toBe(statistics.observations);
    expect(regimes.reduce((sum, row) => sum + row.candidate.trades, 0)).toBe(candidate.selection.metrics.trades);
  });

  it('shows a candidate that equals the incumbent as one that gains nothing', async () => {
    const same = await buildPack({ ...market.inputs, candidate: market.inputs.incumbent }, market.open);
    expect(same.comparison.incumbent.netReturn).toMatchObject({ point: 0, low: 0, high: 0, shareAbove: 0.5 });
    expect(same.correlation).toEqual([{ strategy: 'ema-cross', role: 'incumbent', daily: 1 }]);
    expect(same.breakEven.candidate).toEqual(same.breakEven.incumbent);
  }, 120_000);

  it('has null, and no number, for a version that never trades', async () => {
    const idle = await version({}, (source) =>
      source.replace(
        "if (!fast.crossedAbove(slow)) return context.hold('no cross');",
        "if (fast.value !== 0) return context.hold('idle');",
      ),
    );
    const made = await buildPack({ ...market.inputs, candidate: idle, trialReturns: [] }, market.open);
    expect(made.statistics).toMatchObject({
      sharpe: null,
      probabilisticSharpe: null,
      deflatedSharpe: null,
      minTrackRecordDays: null,
      overfitting: { probability: null },
      bestOfNight: { superiorPredictiveAbility: null, realityCheck: null },
      permutation: { observed: null, pValue: null },
      intervals: { sharpe: null },
    });
    expect(made.walkForward.anchored).toMatchObject({ efficiency: null, sharpe: null, windowsAhead: 0 });
    expect(made.breakEven.candidate).toEqual({ outcome: 'never-earns' });
    expect(made.capacity.holdsUpTo).toBeNull();
    expect(made.correlation[0]!.daily).toBeNull();
    expect(made.prediction).toBeNull();
    expectReadable(made);
  }, 120_000);

  it('has numbers, and null where one trade tells nothing, for a version that buys once and holds', async () => {
    const once = await version({}, (source) =>
      source
        .replace("['BTC/USDT', 'ETH/USDT']", "['BTC/USDT']")
        .replace('fast.crossedBelow(slow)', 'fast.value < 0')
        .replace(/, \{\s*stopLoss:[^}]*\}/, ''),
    );
    const made = await buildPack({ ...market.inputs, candidate: once }, market.open);
    expect(made.candidate.selection.metrics.trades).toBe(1);
    expect(made.statistics.sharpe).not.toBeNull();
    expect(made.regimes.reduce((sum, row) => sum + row.candidate.trades, 0)).toBe(1);
    expectReadable(made);
  }, 120_000);

  it('compares with what trades beside, and says null of what the dataset cannot serve or nobody can build', async () => {
    const elsewhere = await version({}, (source) => source.replace("['BTC/USDT', 'ETH/USDT']", "['SOL/USDT']"));
    const beside = [
      { strategy: 'broken', version: null },
      { strategy: 'elsewhere', version: elsewhere },
      { strategy: 'twin', version: market.inputs.candidate },
    ];
    const made = await buildPack({ ...market.inputs, beside }, market.open);
    expect(made.correlation.slice(1)).toEqual([
      { strategy: 'broken', role: 'beside', daily: null },
      { strategy: 'elsewhere', role: 'beside', daily: null },
      { strategy: 'twin', role: 'beside', daily: 1 },
    ]);
  }, 120_000);

  it('is not made from returns of other days', async () => {
    const other = [new Float64Array(3)];
    await expect(buildPack({ ...market.inputs, trialReturns: other }, market.open)).rejects.toThrow(/keeps 3 days/);
  });

  it('stands in files that are made of it alone', async () => {
    const files = await evidenceFiles(pack);
    expect([...files.keys()]).toEqual([...EVIDENCE_PATHS]);
    expect(Pack.parse(JSON.parse(files.get('evidence/pack.json')!))).toEqual(pack);
    expect(files.get('evidence/report.md')).toMatch(
      /^# The evidence for `ema-cross`, cycle `20260101-1`\n\n\*\*SIMULATED DATA\.\*\*/,
    );
    expect(await evidenceFiles(pack)).toEqual(files);
  });
});
