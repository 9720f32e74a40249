import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Plan } from '../grammar/plan.ts';
import { listed } from '../print/text.ts';
import { type Indicator, indicatorsOf } from './expression.ts';
import { foldedCall } from './folded.ts';

/** After this many times its length an exponential average weighs its first value by less than 3e-9. */
const LENGTHS = 10;

/** Bars until no indicator remembers where it began. Lengths that are always shorter than another's are left out. */
export function printWarmup(plan: Plan): string[] {
  const indicators = indicatorsOf(plan);
  const ratio = ({ on }: Indicator) => timeframeMs(on) / timeframeMs(plan.timeframe);
  const needed = indicators.filter((one) => !indicators.some((other) => outlasts(other, one, ratio(other) / ratio(one))));
  const lengths = needed.map((indicator) => barsOf(indicator, ratio(indicator)));
  const names = needed.map(({ length }) => length).filter((length) => !/^\d/.test(length));
  const head = `warmupBars: (${names.length === 0 ? '' : `{ ${names.join(', ')} }`}) =>`;
  return [
    ...comment(plan, indicators),
    ...(lengths.length === 1 ? [`${head} ${lengths[0]},`] : foldedCall(head, 'Math.max', lengths, ',', 2)),
  ];
}

/** Whether one indicator needs more bars than another whatever their lengths are: by how often longer its bars are. */
function outlasts(one: Indicator, other: Indicator, barRatio: number): boolean {
  if (one === other || barRatio < 1) return false;
  if (Number(one.length) > Number(other.length)) return true;
  if (!one.isFading) return false;
  if (/^\d/.test(other.length)) return true;
  return other.length === 'fast' && one.length === 'slow' && other.isFading;
}

/** An exact window is full one bar after its length, for `previous` reads one back; a longer bar may have begun before the data. */
function barsOf({ isFading, length }: Indicator, ratio: number): string {
  if (isFading) return `${LENGTHS * ratio} * ${length}`;
  if (/^\d/.test(length)) return String(ratio * (Number(length) + 2));
  return ratio === 1 ? `${length} + 1` : `${ratio} * (${length} + 2)`;
}

function comment(plan: Plan, indicators: readonly Indicator[]): string[] {
  const longer = [...new Set(indicators.map(({ on }) => on).filter((on) => on !== plan.timeframe))];
  const units = longer.map((on) => `a ${on} bar is ${timeframeMs(on) / timeframeMs(plan.timeframe)}`);
  const why = indicators.some(({ isFading }) => isFading)
    ? 'An exponential average has forgotten where it began after about ten times its length'
    : 'Until every window is full';
  return [`// ${why}.`, ...(units.length === 0 ? [] : [`// Counted in ${plan.timeframe} bars, of which ${listed(units)}.`])];
}
