import type { Pack } from '#bot/evidence/pack.ts';

/** The three lines of every chart, as ratios of the capital they started with: 0 is the start, 0.1 is ten per cent up. */
export interface Lines {
  readonly time: readonly number[];
  readonly candidate: readonly number[];
  readonly incumbent: readonly number[];
  readonly buyAndHold: readonly number[];
}

export const LINE_NAMES = ['candidate', 'incumbent', 'buyAndHold'] as const;
export type LineName = (typeof LINE_NAMES)[number];

export const LINE_LABELS: Record<LineName, string> = {
  candidate: 'Candidate',
  incumbent: 'Incumbent',
  buyAndHold: 'Buy and hold',
};

/** The pack's equity as returns since the start; null when there are fewer than two days to draw. */
export function linesOf(pack: Pack): Lines | null {
  const { time, candidate, incumbent, buyAndHold } = pack.equity;
  const length = Math.min(time.length, candidate.length, incumbent.length, buyAndHold.length);
  if (length < 2) return null;
  const asReturns = (values: readonly number[]) => values.slice(0, length).map((value) => value / pack.capital - 1);
  return {
    time: time.slice(0, length),
    candidate: asReturns(candidate),
    incumbent: asReturns(incumbent),
    buyAndHold: asReturns(buyAndHold),
  };
}

/** Distance below the highest point so far, as a ratio of it: zero or negative. The start counts as a point. */
export function drawdowns(returns: readonly number[]): readonly number[] {
  let peak = 1;
  return returns.map((value) => {
    const equity = 1 + value;
    peak = Math.max(peak, equity);
    return equity / peak - 1;
  });
}

/** Indices of at most `limit` points, evenly spread, first and last included. */
export function spread(length: number, limit: number): readonly number[] {
  if (length <= limit) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: limit }, (_, index) => Math.floor((index * (length - 1)) / (limit - 1)));
}
