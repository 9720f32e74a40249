import { RatchetError } from '#engine/errors.ts';
import { demandWithin } from './observations.ts';
import { type RandomSource, randomOrder } from './random-source.ts';

/** Bars of one market, oldest first, one column each, all of the same length; the columns of the candle store fit. */
export interface BarColumns {
  /** Open time, UTC milliseconds, strictly rising. */
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/**
 * A market that might have been: the same moves in another order. A bar is taken apart into the logarithmic move from the close
 * before it to its open, and its inner shape (high, low and close against its open, with its volume). Both kinds are shuffled,
 * each by an order of its own, and put together again from the first bar. What a trend or a pattern was is gone; the distribution
 * of moves, the total move and the first and last price stay. Masters (2018), "Testing and tuning market trading systems",
 * chapter 7.
 *
 * Several markets are shuffled in step: moves that happened at the same time still do, so that what the markets have in common
 * stays. Where a market lacks bars (listed later, no trade) only times at which the very same markets move change places, so
 * that its gaps stay where they are and its moves are all its own.
 *
 * The first close and the last close are kept to the bit, prices between are off any tick. Time O(n), memory two copies.
 * @param series one market each, in any number; left as they are
 * @param keepBeforeMs bars that open before it stay in place (warm-up, or the past of a walk-forward); UTC milliseconds
 * @returns new columns, in the order of the input, at the same times
 * @throws statistics/not-a-price where a price is not above 0, or a bar's high or low does not hold its open and close
 * @throws statistics/out-of-range where `keepBeforeMs` is NaN
 */
export function permuteBars(
  series: readonly BarColumns[],
  random: RandomSource,
  keepBeforeMs = Number.NEGATIVE_INFINITY,
): BarColumns[] {
  demandWithin(keepBeforeMs, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 'the time before which bars stay');
  for (const [which, columns] of series.entries()) demandPrices(columns, which);
  const times = Float64Array.from(new Set(series.flatMap(({ time }) => [...time]))).sort();
  const markets = series.map((columns) => placed(columns, times, keepBeforeMs));
  const groups = groupsOf(times.length, markets);
  const between = sources(groups, times.length, random);
  const within = sources(groups, times.length, random);
  return markets.map((market) => rebuilt(market, between, within));
}

/** A market beside the times at which any market has a bar. A place is an index into these times. */
interface PlacedMarket {
  readonly columns: BarColumns;
  /** The first bar that moves: the market's first never does, for the others start from it. */
  readonly start: number;
  /** Of each bar, its place. */
  readonly placeOf: Int32Array;
  /** At each place, the bar; -1 where the market has none. */
  readonly barAt: Int32Array;
}

function placed(columns: BarColumns, times: Float64Array, keepBeforeMs: number): PlacedMarket {
  const { time } = columns;
  const placeOf = new Int32Array(time.length);
  const barAt = new Int32Array(times.length).fill(-1);
  for (let bar = 0, place = 0; bar < time.length; place += 1) {
    if (times[place] !== time[bar]) continue;
    placeOf[bar] = place;
    barAt[place] = bar;
    bar += 1;
  }
  let start = 1;
  while (start < time.length && time[start]! < keepBeforeMs) start += 1;
  return { columns, start, placeOf, barAt };
}

/** The places at which anything moves, in groups: throughout a group the very same markets move. */
function groupsOf(places: number, markets: readonly PlacedMarket[]): number[][] {
  // After k markets a place has a number for the set of those that move there; market k + 1 splits off where it moves too.
  const setAt = new Int32Array(places);
  let sets = 1;
  for (const { start, placeOf } of markets) {
    const joined = new Map<number, number>();
    for (let bar = start; bar < placeOf.length; bar += 1) {
      const set = setAt[placeOf[bar]!]!;
      if (!joined.has(set)) joined.set(set, sets++);
      setAt[placeOf[bar]!] = joined.get(set)!;
    }
  }
  const groups = Array.from({ length: sets }, (): number[] => []);
  for (let place = 0; place < places; place += 1) groups[setAt[place]!]!.push(place);
  return groups.slice(1);
}

/** For each place, the place whose moves happen there instead. */
function sources(groups: readonly number[][], places: number, random: RandomSource): Int32Array {
  const from = new Int32Array(places);
  for (const group of groups) {
    const order = randomOrder(random, group.length);
    for (const [index, place] of group.entries()) from[place] = group[order[index]!]!;
  }
  return from;
}

function rebuilt({ columns, start, placeOf, barAt }: PlacedMarket, between: Int32Array, within: Int32Array): BarColumns {
  const { time, open, high, low, close, volume } = columns;
  const made = {
    time: time.slice(),
    open: open.slice(),
    high: high.slice(),
    low: low.slice(),
    close: close.slice(),
    volume: volume.slice(),
  };
  if (start >= time.length) return made;
  let level = Math.log(close[start - 1]!);
  for (let bar = start; bar < time.length; bar += 1) {
    const gap = barAt[between[placeOf[bar]!]!]!;
    const shape = barAt[within[placeOf[bar]!]!]!;
    const base = Math.log(open[shape]!);
    const opened = level + Math.log(open[gap]!) - Math.log(close[gap - 1]!);
    level = opened + Math.log(close[shape]!) - base;
    made.open[bar] = Math.exp(opened);
    made.close[bar] = bar === time.length - 1 ? close[bar]! : Math.exp(level);
    // Rounding must not push a close out of its bar.
    made.high[bar] = Math.max(Math.exp(opened + Math.log(high[shape]!) - base), made.open[bar]!, made.close[bar]!);
    made.low[bar] = Math.min(Math.exp(opened + Math.log(low[shape]!) - base), made.open[bar]!, made.close[bar]!);
    made.volume[bar] = volume[shape]!;
  }
  return made;
}

function demandPrices({ time, open, high, low, close }: BarColumns, which: number): void {
  for (let index = 0; index < time.length; index += 1) {
    const [top, bottom] = [high[index]!, low[index]!];
    const holds =
      bottom > 0 && top < Number.POSITIVE_INFINITY && [open[index]!, close[index]!].every((p) => p >= bottom && p <= top);
    if (holds) continue;
    throw new RatchetError(
      'statistics/not-a-price',
      `Bar ${index} of series ${which} has open ${open[index]}, high ${top}, low ${bottom} and close ${close[index]}.`,
      'Prices must be above 0 and lie between the low and the high of their bar.',
      { series: which, index },
    );
  }
}
