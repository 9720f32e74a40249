import { describe, expect, it } from 'vitest';
import { overfittingProbability } from '#engine/statistics/overfitting-probability.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import { moduloSeries, NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

/** The definition, written another way: rows are joined, ranks are counted. */
function byJoining(series: readonly number[][], blocks: number) {
  const length = series[0]!.length / blocks;
  const splits = Array.from({ length: 1 << blocks }, (_, mask) =>
    Array.from({ length: blocks }, (_, block) => ((mask >> block) & 1) === 1),
  ).filter((chosen) => chosen.filter(Boolean).length === blocks / 2);
  const logits = splits.map((chosen) => {
    const part = (one: number[], inside: boolean) => one.filter((_, row) => chosen[Math.floor(row / length)] === inside);
    const seen = series.map((one) => sharpeRatio(part(one, true))!);
    const unseen = series.map((one) => sharpeRatio(part(one, false))!);
    const value = unseen[seen.indexOf(Math.max(...seen))]!;
    const rank = unseen.filter((other) => other <= value).length / (series.length + 1);
    return Math.log(rank / (1 - rank));
  });
  return {
    splits: splits.length,
    probability: logits.filter((logit) => logit <= 0).length / splits.length,
    meanLogit: logits.reduce((total, logit) => total + logit, 0) / splits.length,
  };
}

describe('the probability of backtest overfitting', () => {
  it('of the modulo matrix is one third', () => {
    const found = overfittingProbability(moduloSeries(24, 5), 4)!;
    expect(found.probability).toBeCloseTo(1 / 3, 14);
    expect(found.meanLogit).toBeCloseTo(0.6891944261, 10);
    expect(found.probabilityOfLoss).toBeCloseTo(1 / 3, 14);
    expect(found.degradationSlope).toBeCloseTo(0.0231834996, 10);
    expect(found).toMatchObject({ splits: 6, observations: 24 });
  });

  it.each([2, 4, 6, 8])('with %d blocks is what joining the rows gives', (blocks) => {
    const series = Array.from({ length: 7 }, (_, trial) => normalSeries(48, 3, `trial ${trial}`));
    const [found, expected] = [overfittingProbability(series, blocks)!, byJoining(series, blocks)];
    expect(found.splits).toBe(expected.splits);
    expect(found.probability).toBeCloseTo(expected.probability, 12);
    expect(found.meanLogit).toBeCloseTo(expected.meanLogit, 9);
  });

  it('is about a half over many matrices of noise', () => {
    const found = Array.from({ length: 60 }, (_, night) =>
      overfittingProbability(
        Array.from({ length: 20 }, (_, trial) => normalSeries(96, night, `trial ${trial}`)),
        6,
      ),
    );
    const mean = found.reduce((total, one) => total + one!.probability, 0) / found.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.08);
  });

  it('is nearly nothing when one candidate is truly better', () => {
    const series = Array.from({ length: 20 }, (_, trial) => normalSeries(240, 1, `trial ${trial}`, trial === 13 ? 0.6 : 0));
    const found = overfittingProbability(series, 8)!;
    expect(found.probability).toBeLessThan(0.02);
    expect(found.probabilityOfLoss).toBe(0);
    expect(found.meanLogit).toBeGreaterThan(2);
  });

  it('does not depend on the order of the candidates', () => {
    const series = Array.from({ length: 9 }, (_, trial) => normalSeries(64, 8, `trial ${trial}`));
    const [one, other] = [overfittingProbability(series, 8)!, overfittingProbability([...series].reverse(), 8)!];
    expect(other.probability).toBe(one.probability);
    expect(other.meanLogit).toBeCloseTo(one.meanLogit, 12);
  });

  it('drops the oldest rows that fill no block', () => {
    const series = Array.from({ length: 4 }, (_, trial) => normalSeries(40, 2, `trial ${trial}`));
    const longer = series.map((one, trial) => [...normalSeries(3, 77, `older ${trial}`), ...one]);
    expect(overfittingProbability(longer, 4)).toEqual(overfittingProbability(series, 4));
  });

  it('counts candidates that cannot be told apart as overfit', () => {
    const same = normalSeries(32, 4);
    expect(overfittingProbability([same, same, same], 4)).toMatchObject({ probability: 1, meanLogit: 0 });
  });

  it('takes a candidate that never traded for one with a ratio of 0, also in a half', () => {
    const never = new Array<number>(32).fill(0);
    const found = overfittingProbability([never, never], 4)!;
    expect(found).toMatchObject({ probability: 1, probabilityOfLoss: 0, degradationSlope: null, degradationIntercept: null });
    const late = [...new Array<number>(16).fill(0), ...normalSeries(16, 6)];
    expect(Number.isFinite(overfittingProbability([late, never, normalSeries(32, 9)], 4)!.meanLogit)).toBe(true);
  });

  it('says nothing without a choice or without time', () => {
    expect(overfittingProbability([], 4)).toBeNull();
    expect(overfittingProbability([normalSeries(32, 1)], 4)).toBeNull();
    expect(overfittingProbability([[], []], 4)).toBeNull();
    expect(
      overfittingProbability(
        [
          [1, 2, 3],
          [3, 2, 1],
        ],
        4,
      ),
    ).toBeNull();
  });

  it('refuses holes, series of different length and a number of blocks that cannot be halved', () => {
    for (const value of NOT_NUMBERS) {
      expect(() =>
        overfittingProbability(
          [
            [1, 2, 3, 4],
            [1, value, 3, 4],
          ],
          2,
        ),
      ).toThrow(refusal('statistics/not-finite'));
    }
    expect(() => overfittingProbability([[1, 2], [1]], 2)).toThrow(refusal('statistics/lengths-differ'));
    for (const blocks of [0, 3, 22, Number.NaN]) {
      expect(() => overfittingProbability(moduloSeries(24, 5), blocks)).toThrow(refusal('statistics/out-of-range'));
    }
  });
});
