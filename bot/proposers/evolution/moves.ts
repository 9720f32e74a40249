import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { ParameterRange, ParameterRanges } from '#engine/contract/types.ts';
import { type Blueprint, Entry, Filter, inCanonicalOrder, Protection, signalTimeframes } from './blueprint.ts';
import { snap, type Values } from './configuration.ts';

/** Every blueprint one structural move away, in a fixed order. */
export function structuralMoves(from: Blueprint): readonly Blueprint[] {
  return [
    ...signalTimeframes(from.timeframe).map((signal) => ({ ...from, signal })),
    ...Entry.options.map((entry) => ({ ...from, entry })),
    ...Protection.options.map((protection) => ({ ...from, protection })),
    ...Filter.options.map((filter) => withFilterToggled(from, filter)),
    { ...from, exitOnCrossDown: !from.exitOnCrossDown },
  ].filter((to) => JSON.stringify(to) !== JSON.stringify(from));
}

/** Adds the filter, or takes it away. */
export function withFilterToggled(from: Blueprint, filter: Filter): Blueprint {
  const { filters } = from;
  const toggled = filters.includes(filter) ? filters.filter((other) => other !== filter) : [...filters, filter];
  return { ...from, filters: inCanonicalOrder(toggled) };
}

/**
 * Moves a few parameters: one most often, three at most.
 * @param spread standard deviation of a move, as a share of the parameter's range
 */
export function mutate(values: Values, ranges: ParameterRanges, random: RandomStream, spread: number): Values {
  const names = Object.keys(ranges);
  const moved: Record<string, number> = { ...values };
  const draw = random.uniform();
  const count = Math.min(names.length, 1 + Math.floor(3 * draw * draw));
  for (let index = 0; index < count; index += 1) {
    const name = names[Math.floor(random.uniform() * names.length)]!;
    moved[name] = step(moved[name]!, ranges[name]!, random, spread);
  }
  return moved;
}

/** A normal step, at least one `step` of the range long; at the end of the range it goes the other way. */
function step(value: number, range: ParameterRange, random: RandomStream, spread: number): number {
  const distance = random.normal() * spread * (range.max - range.min);
  const moved = snap(value + distance, range);
  if (moved !== value) return moved;
  const direction = distance < 0 ? -1 : 1;
  const next = snap(value + direction * range.step, range);
  return next === value ? snap(value - direction * range.step, range) : next;
}
