import type { Blueprint, Entry, Filter } from '../blueprint.ts';
import type { Comparison, Plan } from './plan.ts';

/** The plan that decides as the blocks of a blueprint do: what evolution grows from. Its numbers keep their names. */
export function planFrom(blueprint: Blueprint): Plan {
  const { symbols, timeframe, signal: on, protection, exitOnCrossDown } = blueprint;
  const [fast, slow] = [
    { average: 'ema', bars: 'fast', on },
    { average: 'ema', bars: 'slow', on },
  ] as const;
  const entries: Readonly<Record<Entry, readonly Comparison[]>> = {
    cross: [{ left: fast, is: 'crossesAbove', right: slow }],
    pullback: [
      { left: fast, is: 'above', right: slow },
      { left: { price: 'low' }, is: 'atMost', right: fast },
      { left: { price: 'close' }, is: 'above', right: fast },
    ],
  };
  const filters: Readonly<Record<Filter, Comparison>> = {
    trend: { left: { price: 'close' }, is: 'atLeast', right: { average: 'sma', bars: 'trendBars', on } },
    rsi: { left: { oscillator: 'rsi', bars: 'rsiBars', on }, is: 'below', right: { number: 'rsiMax' } },
    volume: { left: { volume: 'bar', on }, is: 'atLeast', right: { volume: 'usual', times: 'volumeRatio', on } },
  };
  const all = [...entries[blueprint.entry], ...blueprint.filters.map((filter) => filters[filter])];
  return {
    schema: 'ratchet/blueprint/2',
    symbols,
    timeframe,
    regime: null,
    entry: all.length === 1 ? all[0]! : { all },
    exit: exitOnCrossDown ? { left: fast, is: 'crossesBelow', right: slow } : null,
    protection: { stop: protection === 'fixed' ? 'fixed' : 'trailing', target: protection === 'fixed', horizon: false },
    sizing: 'equal',
  };
}
