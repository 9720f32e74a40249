import { describe, expect, it } from 'vitest';
import { luck } from '#bot/evidence/measures/luck.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { deflatedSharpe } from '#engine/statistics/deflated-sharpe.ts';
import { sharpeSampleOf } from '#engine/statistics/sharpe-ratio.ts';

const random = new RandomStream(3, 'luck');
const returns = Float64Array.from({ length: 400 }, () => 0.001 + 0.01 * random.normal());

const search = {
  trials: 60,
  trialsEver: 500,
  trialsEffective: 20,
  sharpeVariance: 0.0004,
  sharpeVarianceEffective: 0.0009,
  ledgerHead: digestOf('ledger'),
};

describe('how much is luck', () => {
  it('is deflated by whichever count of trials expects more of it', () => {
    const clustered = deflatedSharpe(sharpeSampleOf(returns)!, 500, 0.0004).benchmark;
    expect(luck(returns, search).deflation).toEqual({ counted: 'raw', benchmark: clustered * Math.sqrt(365) });
    const differing = luck(returns, { ...search, sharpeVarianceEffective: 0.004 });
    expect(differing.deflation?.counted).toBe('clustered');
    expect(differing.deflatedSharpe!).toBeLessThan(luck(returns, search).deflatedSharpe!);
  });

  it('leaves the probabilistic ratio alone after a single trial', () => {
    const one = luck(returns, {
      ...search,
      trials: 1,
      trialsEver: 1,
      trialsEffective: 1,
      sharpeVariance: null,
      sharpeVarianceEffective: null,
    });
    expect(one.deflatedSharpe).toBe(one.probabilisticSharpe);
    expect(one.deflation).toEqual({ counted: 'raw', benchmark: 0 });
  });

  it('cannot be taken off where nobody knows how much the trials differ', () => {
    const unknown = luck(returns, { ...search, sharpeVariance: null, sharpeVarianceEffective: null });
    expect(unknown.deflatedSharpe).toBeNull();
    expect(unknown.probabilisticSharpe).toBeGreaterThan(0.5);
  });

  it.each([
    ['no day', new Float64Array(0)],
    ['one day', Float64Array.of(0.01)],
    ['days that are all alike', new Float64Array(300).fill(0.001)],
  ])('has nothing to say of %s', (_, still) => {
    expect(luck(still, search)).toEqual({
      observations: still.length,
      sharpe: null,
      probabilisticSharpe: null,
      deflatedSharpe: null,
      deflation: null,
      minTrackRecordDays: null,
      trials: { raw: 500, effective: 20 },
    });
  });

  it('never becomes sure of what loses', () => {
    expect(
      luck(
        returns.map((value) => -value),
        search,
      ).minTrackRecordDays,
    ).toBeNull();
  });

  it('is not computed from days that are none', () => {
    expect(() => luck(Float64Array.of(0.1, Number.NaN, 0.2), search)).toThrow(/Observation 1/);
  });
});
