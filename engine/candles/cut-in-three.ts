import { RatchetError } from '#engine/errors.ts';
import { allocateColumns, columnNames, cutColumns } from './candle-columns.ts';
import type { CandleColumns, Dataset, Span } from './types.ts';

const dayMs = 86_400_000;

/** Shares of the whole span; they add up to 1. */
export interface ThreeShares {
  readonly development: number;
  readonly selection: number;
  readonly vault: number;
}

/** Proposers see development; selection answers through a threshold; the vault says pass or fail. In order of time. */
export interface ThreeSpans {
  readonly development: Span;
  readonly selection: Span;
  readonly vault: Span;
}

/** From the first bar of any market to the end that all share. */
export function spanOf(dataset: Dataset): Span {
  return {
    from: Math.min(...dataset.entries.map((entry) => entry.from)),
    to: Math.min(...dataset.entries.map((entry) => entry.to)),
  };
}

/**
 * Cuts a span in three at UTC midnights, so that no day and no derived bar lies in two parts. Each part gets at least
 * one day.
 * @throws candles/bad-shares, candles/too-short
 */
export function cutInThree(span: Span, shares: ThreeShares): ThreeSpans {
  const total = shares.development + shares.selection + shares.vault;
  if (!(Math.abs(total - 1) < 1e-9) || !(Math.min(shares.development, shares.selection, shares.vault) > 0)) {
    throw new RatchetError(
      'candles/bad-shares',
      `The shares ${shares.development}, ${shares.selection} and ${shares.vault} do not cut a whole in three.`,
      'Give three positive shares that add up to 1.',
      { ...shares },
    );
  }
  const firstMidnight = Math.floor(span.from / dayMs) + 1;
  const lastMidnight = Math.ceil(span.to / dayMs) - 1;
  if (lastMidnight - firstMidnight < 1) {
    throw new RatchetError(
      'candles/too-short',
      `${new Date(span.from).toISOString()} to ${new Date(span.to).toISOString()} is too short to be cut in three at midnights.`,
      'Give at least three days of candles.',
      { ...span },
    );
  }
  const midnightAt = (share: number) => Math.round((span.from + (span.to - span.from) * share) / dayMs);
  const first = clamp(midnightAt(shares.development), firstMidnight, lastMidnight - 1);
  const second = clamp(midnightAt(shares.development + shares.selection), first + 1, lastMidnight);
  return {
    development: { from: span.from, to: first * dayMs },
    selection: { from: first * dayMs, to: second * dayMs },
    vault: { from: second * dayMs, to: span.to },
  };
}

/**
 * The bars that open before `end`, in memory of their own: who is handed these has no byte of a later bar, not even behind the
 * ends of a view. A cut's warm-up lies before it in time, so the earlier cuts stay.
 * @param end UTC milliseconds, exclusive
 */
export function columnsUntil(columns: ReadonlyMap<string, CandleColumns>, end: number): Map<string, CandleColumns> {
  return new Map([...columns].map(([symbol, whole]) => [symbol, copyUntil(whole, end)]));
}

function copyUntil(whole: CandleColumns, end: number): CandleColumns {
  const seen = cutColumns(whole, { from: Number.NEGATIVE_INFINITY, to: end });
  const copy = allocateColumns(seen.time.length);
  for (const name of columnNames) copy[name].set(seen[name]);
  return copy;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
