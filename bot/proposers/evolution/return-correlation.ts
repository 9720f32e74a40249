import type { BacktestResult, EquityCurve } from '#engine/backtest/types.ts';

/** Pearson's correlation of two results' daily returns, over the days both have; 0 where one of them does not vary. */
export function returnCorrelation(one: BacktestResult, other: BacktestResult): number {
  const [a, b] = [returnsIn(one.equity), returnsIn(other.equity)];
  const days = Math.min(a.length, b.length);
  const mean = (series: readonly number[]) => series.slice(0, days).reduce((sum, value) => sum + value, 0) / Math.max(1, days);
  const [meanA, meanB] = [mean(a), mean(b)];
  let [together, alone, apart] = [0, 0, 0];
  for (let day = 0; day < days; day += 1) {
    const [x, y] = [a[day]! - meanA, b[day]! - meanB];
    together += x * y;
    alone += x * x;
    apart += y * y;
  }
  return alone === 0 || apart === 0 ? 0 : together / Math.sqrt(alone * apart);
}

function returnsIn({ value }: EquityCurve): number[] {
  return value.slice(1).map((equity, day) => (value[day]! === 0 ? 0 : equity / value[day]! - 1));
}
