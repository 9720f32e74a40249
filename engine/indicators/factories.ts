import type { Indicator, Timeframe } from '#engine/contract/types.ts';
import { EmaKernel, SmaKernel, WmaKernel } from './moving-averages.ts';
import { type Source, StreamingIndicator } from './streaming-indicator.ts';
import { AdxKernel, AtrKernel, RsiKernel } from './wilder.ts';
import { DeviationKernel, ExtremeKernel, RateOfChangeKernel } from './windows.ts';

// Bundled into the strategy realm: no Node imports here.

export interface IndicatorOptions {
  /** A timeframe above the strategy's own: the indicator then moves when a bar of it closes. */
  readonly timeframe?: Timeframe;
  /** What it is computed of; the close unless said otherwise. */
  readonly of?: Source;
}

/** Exponential moving average, seeded with the simple mean of the first `period` bars. */
export function ema(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new EmaKernel(period), options.of ?? 'close', options.timeframe);
}

/** Simple moving average. `sma(20, { of: 'volume' })` is the mean volume of 20 bars. */
export function sma(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new SmaKernel(period), options.of ?? 'close', options.timeframe);
}

/** Linearly weighted moving average. */
export function wma(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new WmaKernel(period), options.of ?? 'close', options.timeframe);
}

/** Relative strength index by Wilder, 0 to 100. */
export function rsi(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new RsiKernel(period), options.of ?? 'close', options.timeframe);
}

/** Average true range by Wilder, in the quote asset. */
export function atr(period: number, options: Pick<IndicatorOptions, 'timeframe'> = {}): Indicator {
  return new StreamingIndicator(new AtrKernel(period), 'close', options.timeframe);
}

/** Average directional index by Wilder, 0 to 100: strength of the trend, whichever its direction. */
export function adx(period: number, options: Pick<IndicatorOptions, 'timeframe'> = {}): Indicator {
  return new StreamingIndicator(new AdxKernel(period), 'close', options.timeframe);
}

/** Highest of the last `period` highs (or of another source), this bar included: a breakout compares with `previous`. */
export function highest(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new ExtremeKernel('highest', period, 1), options.of ?? 'high', options.timeframe);
}

/** Lowest of the last `period` lows (or of another source), this bar included. */
export function lowest(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new ExtremeKernel('lowest', period, -1), options.of ?? 'low', options.timeframe);
}

/** Standard deviation over `period` bars, divided by `period`: the width of Bollinger bands. */
export function deviation(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new DeviationKernel(period), options.of ?? 'close', options.timeframe);
}

/** Change over `period` bars as a ratio: 0.02 is two per cent up. */
export function rateOfChange(period: number, options: IndicatorOptions = {}): Indicator {
  return new StreamingIndicator(new RateOfChangeKernel(period), options.of ?? 'close', options.timeframe);
}
