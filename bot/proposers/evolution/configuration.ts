import { canonicalJson } from '#engine/attestation/canonical.ts';
import { snapToRange } from '#engine/backtest/host/definition.ts';
import type { ParameterRange, ParameterRanges } from '#engine/contract/types.ts';
import type { Design } from './design.ts';

export type Values = Readonly<Record<string, number>>;

/** One point of the search: what is built, and with which numbers. Without a blueprint the incumbent's own source is kept. */
export interface Configuration {
  readonly blueprint: Design | undefined;
  /** A value for every declared parameter. */
  readonly values: Values;
}

/** Equal keys are equal configurations, so none is paid for twice. */
export function keyOf({ blueprint, values }: Configuration): string {
  const numbers = Object.entries(values)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return `${structureOf(blueprint)} ${numbers.join(' ')}`;
}

/** Equal for configurations that print the same source, in whatever order a design was put together. */
export function structureOf(blueprint: Design | undefined): string {
  return blueprint === undefined ? 'as written' : canonicalJson(blueprint);
}

/** The value of the range's grid that is nearest, with what lies beyond the ends brought to them. */
export function snap(value: number, range: ParameterRange): number {
  return snapToRange(range, Math.min(Math.max(value, range.min), range.max));
}

/** Values for exactly the declared parameters: kept where there is one, else the default. */
export function complete(values: Values, ranges: ParameterRanges): Values {
  return Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, values[name] ?? range.default]));
}
