import type { Timeframe } from '#engine/contract/types.ts';

/** A bar as a venue tells it: finished or still forming, and the venue does not say which. */
export interface MarketBar {
  /** Open time, UTC milliseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Base asset, since the bar began. */
  readonly volume: number;
}

export interface MarketDataTraits {
  /** False where bars can only be asked for. */
  readonly canWatch: boolean;
  /** Bars one question may bring. */
  readonly pageBars: number;
  /** Set where the venue keeps only its newest bars, whatever is asked for; null where it keeps all. */
  readonly newestBarsOnly: number | null;
  /** True where a question covers a fixed window, so that an empty answer does not mean the end. */
  readonly isWindowed: boolean;
  /** How long after its end a bar may still change in answers, milliseconds. */
  readonly settleMs: number;
  /** The step in which the venue tells its time, milliseconds. */
  readonly timeStepMs: number;
  /** What questions cost, and how much of it there is. */
  readonly weights: { readonly bars: number; readonly time: number };
  readonly budget: { readonly capacity: number; readonly perSecond: number };
}

/** Where bars come from, for people: those of a rehearsal are kept as simulated, which says nothing of where they come from. */
export function toldName({ venue, isSimulated }: Pick<MarketData, 'venue' | 'isSimulated'>): string {
  return isSimulated ? 'rehearsal' : venue;
}

/** A venue's public market data. Whatever fails is a `VenueError`; nothing is asked twice by itself. */
export interface MarketData {
  /** As candles are stored: `kraken`, `binance`, `coinbase`. */
  readonly venue: string;
  /** True of a rehearsal: its bars are kept as such. */
  readonly isSimulated: boolean;
  readonly traits: MarketDataTraits;
  /** Bars that open at or after `since`, in any order, at most `limit` of the oldest; the last of them may be forming. @throws VenueError */
  bars(symbol: string, timeframe: Timeframe, since: number, limit: number): Promise<MarketBar[]>;
  /** The next news of a symbol's bars, which may repeat old news. Only where `traits.canWatch`. @throws VenueError when the stream has broken; the next call takes it up again */
  watch(symbol: string, timeframe: Timeframe): Promise<MarketBar[]>;
  /** Breaks the stream, so that the next `watch` begins a new one. */
  disconnect(): Promise<void>;
  /** The venue's clock, UTC milliseconds. @throws VenueError */
  serverTime(): Promise<number>;
  close(): Promise<void>;
}
