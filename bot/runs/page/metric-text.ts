import { count, decimal, NO_VALUE } from '#bot/evidence/numbers.ts';
import type { Run } from '#bot/evidence/pack.ts';

type Metric = keyof Run['metrics'];

const RATIOS: ReadonlySet<string> = new Set<Metric>([
  'netReturn',
  'cagr',
  'volatility',
  'maxDrawdown',
  'ulcer',
  'alpha',
  'expectancy',
  'winRate',
  'exposure',
  'feeShare',
  'averageAdverseExcursion',
  'averageFavourableExcursion',
  'worstAdverseExcursion',
]);
const COUNTS: ReadonlySet<string> = new Set<Metric>(['bars', 'trades', 'maxDrawdownBars']);

/** Enough to tell two runs apart that are nearly alike. */
const DIGITS = 4;

/** A metric as people read it: a ratio in per cent, a count whole, whatever is neither as a plain number. */
export function metricText(name: string, value: number | null): string {
  return shown(name, value, '%');
}

/** What a metric differs by: of ratios, in percentage points. */
export function differenceText(name: string, difference: number | null): string {
  return shown(name, difference, ' points');
}

function shown(name: string, value: number | null, unit: string): string {
  if (value === null) return NO_VALUE;
  if (RATIOS.has(name)) return `${decimal(value * 100, DIGITS)}${unit}`;
  return COUNTS.has(name) ? count(value) : decimal(value, DIGITS);
}
