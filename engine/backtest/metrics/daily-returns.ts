/** Changes of equity from one UTC day's end to the next, as ratios; the first from the capital. The last day may be part of one. */
export function dailyReturns(capital: number, equity: readonly number[]): number[] {
  return equity.map((value, index) => value / (index === 0 ? capital : equity[index - 1]!) - 1);
}
