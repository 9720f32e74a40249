import { isMissing, missing } from '#engine/contract/intrinsics.ts';
import type { Indicator, Timeframe } from '#engine/contract/types.ts';
import type { Kernel } from './kernel.ts';

// Bundled into the strategy realm: no Node imports here.

/** What an indicator is computed of. `hl2` is (high + low) / 2, `hlc3` is (high + low + close) / 3. */
export type Source = 'close' | 'open' | 'high' | 'low' | 'volume' | 'hl2' | 'hlc3';

const SOURCES: readonly Source[] = ['close', 'open', 'high', 'low', 'volume', 'hl2', 'hlc3'];

/** Called by the host for each closed bar of the indicator's timeframe. */
export let advanceIndicator: (
  indicator: StreamingIndicator,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
) => void;

/** Called by the host at the start of each base bar, before what advances: crossings are told from base bar to base bar. */
export let restIndicator: (indicator: StreamingIndicator) => void;

/** Takes an indicator into a host; each belongs to one symbol of one run. False when it already belongs to one. */
export let claimIndicator: (indicator: StreamingIndicator) => boolean;

export let timeframeOfIndicator: (indicator: StreamingIndicator) => Timeframe | undefined;

/**
 * The one indicator class strategies meet. All of its state is in private fields, so a frozen instance still works and a
 * strategy can neither feed it nor set it back; the host does so through the functions above.
 */
export class StreamingIndicator implements Indicator {
  readonly #kernel: Kernel;
  readonly #source: Source;
  readonly #timeframe: Timeframe | undefined;
  #value = missing;
  #previous = missing;
  /** The value as it stood one base bar earlier. */
  #before = missing;
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
    advanceIndicator = (indicator, open, high, low, close, volume) => {
      const source = indicator.#source;
      let input = close;
      if (source !== 'close') {
        if (source === 'volume') input = volume;
        else if (source === 'high') input = high;
        else if (source === 'low') input = low;
        else if (source === 'open') input = open;
        else if (source === 'hl2') input = (high + low) / 2;
        else input = (high + low + close) / 3;
      }
      indicator.#previous = indicator.#value;
      indicator.#value = indicator.#kernel.push(input, high, low);
    };
    restIndicator = (indicator) => {
      indicator.#before = indicator.#value;
    };
    claimIndicator = (indicator) => {
      const isFree = !indicator.#isClaimed;
      indicator.#isClaimed = true;
      return isFree;
    };
    timeframeOfIndicator = (indicator) => indicator.#timeframe;
  }

  /** True for instances of this class only, whatever else an object pretends. */
  static isOne(value: unknown): value is StreamingIndicator {
    return typeof value === 'object' && value !== null && #kernel in value;
  }

  get value(): number {
    return this.#value;
  }

  get previous(): number {
    return this.#previous;
  }

  get isReady(): boolean {
    return !isMissing(this.#value);
  }

  crossedAbove(other: Indicator | number): boolean {
    if (typeof other === 'number') return this.#before <= other && this.#value > other;
    const indicator = other as StreamingIndicator;
    return this.#before <= indicator.#before && this.#value > indicator.#value;
  }

  crossedBelow(other: Indicator | number): boolean {
    if (typeof other === 'number') return this.#before >= other && this.#value < other;
    const indicator = other as StreamingIndicator;
    return this.#before >= indicator.#before && this.#value < indicator.#value;
  }
}
