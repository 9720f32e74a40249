/**
 * Axes with round numbers. Only +, −, × and ÷ are used: these give the same bits on every platform, which
 * logarithms and powers do not promise.
 */

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** From `min` to `max`, evenly spaced, both included. */
  readonly ticks: readonly number[];
}

/** Differences smaller than this, as a ratio of the numbers' size, are drawn as a straight line. */
const LEAST_SPAN = 1e-6;

/** The smallest scale of about `tickCount` round steps (1, 2, 2.5 or 5 times a power of ten) that holds `low` and `high`. */
export function roundScale(low: number, high: number, tickCount: number): Scale {
  const size = Math.max(Math.abs(low), Math.abs(high), 1);
  const span = high - low > size * LEAST_SPAN ? high - low : size * 0.1;
  const step = roundStep(span / tickCount);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { min: first * step, max: last * step, ticks };
}

function roundStep(rough: number): number {
  let unit = 1;
  while (unit > rough) unit /= 10;
  while (unit * 10 <= rough) unit *= 10;
  const share = rough / unit;
  if (share <= 1) return unit;
  if (share <= 2) return unit * 2;
  if (share <= 2.5) return unit * 2.5;
  if (share <= 5) return unit * 5;
  return unit * 10;
}

export interface DateTick {
  readonly time: number;
  readonly label: string;
}

const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];
const DAY_STEPS = [1, 2, 5, 10];

/** Round dates (UTC) inside a span, at most `limit`: days for short spans, month beginnings for longer ones. */
export function dateTicks(from: number, to: number, limit: number): readonly DateTick[] {
  const spanDays = (to - from) / DAY_MS;
  const dayStep = spanDays <= 62 ? DAY_STEPS.find((step) => spanDays / step <= limit) : undefined;
  if (dayStep !== undefined) return dayTicks(from, to, dayStep);
  const spanMonths = spanDays / 30.4;
  const step = MONTH_STEPS.find((candidate) => spanMonths / candidate <= limit) ?? MONTH_STEPS[MONTH_STEPS.length - 1]!;
  return monthTicks(from, to, step);
}

function dayTicks(from: number, to: number, step: number): readonly DateTick[] {
  const ticks: DateTick[] = [];
  for (let time = Math.ceil(from / DAY_MS) * DAY_MS; time <= to; time += step * DAY_MS) {
    const date = new Date(time);
    ticks.push({ time, label: `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}` });
  }
  return ticks;
}

function monthTicks(from: number, to: number, step: number): readonly DateTick[] {
  const start = new Date(from);
  const ticks: DateTick[] = [];
  let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  for (; ; month += step) {
    const year = Math.floor(month / 12);
    const time = Date.UTC(year, month % 12, 1);
    if (time > to) return ticks;
    if (time >= from) ticks.push({ time, label: step >= 12 ? String(year) : `${MONTHS[month % 12]} ${year}` });
  }
}
