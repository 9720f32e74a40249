const DAY_MS = 86_400_000;

/** So many times 24 hours up to a moment; UTC milliseconds. */
export interface LastDays {
  /** Not part of it: what happened then belongs to the days before. */
  readonly from: number;
  readonly to: number;
  readonly holds: (time: number) => boolean;
}

/** The last days up to a moment: whole ones at whatever hour one asks, so that reports of every day leave nothing out. */
export function lastDays(days: number, to: number): LastDays {
  const from = to - days * DAY_MS;
  return { from, to, holds: (time) => time > from && time <= to };
}
