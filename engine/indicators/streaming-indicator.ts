import { isMissing, missing } from '#engine/contract/intrinsics.ts';
import type { Indicator, Timeframe } from '#engine/contract/types.ts';
import { BLOCK_BARS, Block, type Kernel } from './kernel.ts';

// Bundled into the strategy realm: no Node imports here.

/** What an indicator is computed of. `hl2` is (high + low) / 2, `hlc3` is (high + low + close) / 3. */
export type Source = 'close' | 'open' | 'high' | 'low' | 'volume' | 'hl2' | 'hlc3';

/** Closed bars, one column each. */
export interface BarColumns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

const SOURCES: readonly Source[] = ['close', 'open', 'high', 'low', 'volume', 'hl2', 'hlc3'];

/**
 * Where a symbol stands in the block of bars its indicators have taken in: 1 is the block's first bar, 0 the last one before it.
 * Indicators compute a block ahead, each in one tight loop; what a strategy reads is what lies at the slot, and the slot never
 * runs ahead of the bar it decides on.
 */
export class Cursor {
  slot = 0;
}

/** Takes an indicator into a host; each belongs to one symbol of one run. False when it already belongs to one. */
export let claimIndicator: (indicator: StreamingIndicator, cursor: Cursor) => boolean;

/** Begins a block: what stood at `slot` of the last one becomes what stood before the first bar of this one. */
export let beginBlock: (indicator: StreamingIndicator, slot: number) => void;

/** Takes in `count` bars of the columns, from the one at `at`, into the slots from 1 on. */
export let runIndicator: (indicator: StreamingIndicator, columns: BarColumns, at: number, count: number) => void;

/** For an indicator of a higher timeframe: it stands at `slot` as it stood at the slot before. */
export let holdIndicator: (indicator: StreamingIndicator, slot: number) => void;

/** For an indicator of a higher timeframe, after `holdIndicator`: a bar of its timeframe has closed at `slot`. */
export let stepIndicator: (
  indicator: StreamingIndicator,
  slot: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
) => void;

export let timeframeOfIndicator: (indicator: StreamingIndicator) => Timeframe | undefined;

/**
 * The one indicator class strategies meet. All of its state is in private fields, so a frozen instance still works and a
 * strategy can neither feed it nor set it back; the host does so through the functions above.
 */
export class StreamingIndicator implements Indicator {
  readonly #kernel: Kernel;
  readonly #source: Source;
  readonly #timeframe: Timeframe | undefined;
  /** By slot. */
  readonly #values = new Float64Array(BLOCK_BARS + 1).fill(missing);
  /** By slot, for a higher timeframe; in the base timeframe the previous value is that of the slot before. */
  #previous: Float64Array | null = null;
  #cursor = new Cursor();
  #isClaimed = false;

  constructor(kernel: Kernel, source: Source, timeframe: Timeframe | undefined) {
    if (!SOURCES.includes(source))
      throw new RangeError(`There is no source '${String(source)}'; there are ${SOURCES.join(', ')}.`);
    this.#kernel = kernel;
    this.#source = source;
    this.#timeframe = timeframe;
    Object.freeze(this);
  }

  static {
    claimIndicator = (indicator, cursor) => {
      if (indicator.#isClaimed) return false;
      indicator.#isClaimed = true;
      indicator.#cursor = cursor;
      return true;
    };
    beginBlock = (indicator, slot) => {
      indicator.#values[0] = indicator.#values[slot]!;
      if (indicator.#previous !== null) indicator.#previous[0] = indicator.#previous[slot]!;
    };
    runIndicator = (indicator, columns, at, count) => {
      indicator.#kernel.run(blockOf(indicator.#source, columns, at, count), indicator.#values);
    };
    holdIndicator = (indicator, slot) => {
      indicator.#previous ??= new Float64Array(BLOCK_BARS + 1).fill(missing);
      indicator.#values[slot] = indicator.#values[slot - 1]!;
      indicator.#previous[slot] = indicator.#previous[slot - 1]!;
    };
    stepIndicator = (indicator, slot, open, high, low, close, volume) => {
      indicator.#previous![slot] = indicator.#values[slot]!;
      indicator.#values[slot] = indicator.#kernel.push(inputOf(indicator.#source, open, high, low, close, volume), high, low);
    };
    timeframeOfIndicator = (indicator) => indicator.#timeframe;
  }

  /** True for instances of this class only, whatever else an object pretends. */
  static isOne(value: unknown): value is StreamingIndicator {
    return typeof value === 'object' && value !== null && #kernel in value;
  }

  get value(): number {
    return this.#values[this.#cursor.slot]!;
  }

  get previous(): number {
    const { slot } = this.#cursor;
    if (slot === 0) return missing;
    return this.#previous === null ? this.#values[slot - 1]! : this.#previous[slot]!;
  }

  get isReady(): boolean {
    return !isMissing(this.value);
  }

  // Crossings are told from base bar to base bar, in any timeframe. Before the first bar every comparison is with NaN or nothing.

  crossedAbove(other: Indicator | number): boolean {
    const { slot } = this.#cursor;
    const before = this.#values[slot - 1]!;
    const value = this.#values[slot]!;
    if (typeof other === 'number') return before <= other && value > other;
    const indicator = other as StreamingIndicator;
    const at = indicator.#cursor.slot;
    return before <= indicator.#values[at - 1]! && value > indicator.#values[at]!;
  }

  crossedBelow(other: Indicator | number): boolean {
    const { slot } = this.#cursor;
    const before = this.#values[slot - 1]!;
    const value = this.#values[slot]!;
    if (typeof other === 'number') return before >= other && value < other;
    const indicator = other as StreamingIndicator;
    const at = indicator.#cursor.slot;
    return before >= indicator.#values[at - 1]! && value < indicator.#values[at]!;
  }
}

/** One for all: a kernel reads it during the call and keeps nothing of it. */
const block = new Block();
/** Where inputs that are in no column are computed. */
const derived = new Float64Array(BLOCK_BARS);

function blockOf(source: Source, columns: BarColumns, at: number, count: number): Block {
  block.high = columns.high;
  block.low = columns.low;
  block.at = at;
  block.count = count;
  if (source === 'hl2' || source === 'hlc3') {
    const { high, low, close } = columns;
    for (let bar = 0; bar < count; bar += 1) {
      const index = at + bar;
      derived[bar] = inputOf(source, 0, high[index]!, low[index]!, close[index]!, 0);
    }
    block.input = derived;
    block.inputAt = 0;
  } else {
    block.input = columns[source];
    block.inputAt = at;
  }
  return block;
}

function inputOf(source: Source, open: number, high: number, low: number, close: number, volume: number): number {
  if (source === 'close') return close;
  if (source === 'volume') return volume;
  if (source === 'high') return high;
  if (source === 'low') return low;
  if (source === 'open') return open;
  return source === 'hl2' ? (high + low) / 2 : (high + low + close) / 3;
}
