import { z } from 'zod';
import type { Timeframe } from '#engine/contract/types.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import { allocateColumns, columnNames, mergeColumns } from './candle-columns.ts';
import type { CandleStore } from './candle-store.ts';
import { nearestNames } from './nearest-names.ts';
import { type OpenVenue, venueTraits } from './open-venue.ts';
import { nameOfSeries, parseSeriesKey, symbolOfPair } from './series-key.ts';
import { timeframeMs, timeframes } from './timeframe.ts';
import type { CandleColumns, SeriesInfo, SeriesKey, Span } from './types.ts';

export interface FetchRequest {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** UTC milliseconds. Only bars that lie wholly in the span, and have closed, are stored. */
  readonly from: number;
  readonly to?: number | undefined;
}

export interface FetchPorts {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Told before each wait after a passing error. */
  readonly onRetry?: (attempt: number, waitMs: number, error: unknown) => void;
}

export interface FetchProgress {
  readonly bars: number;
  /** What the span would hold without gaps; an exchange may have less. */
  readonly expectedBars: number;
  /** Open time of the newest bar so far. */
  readonly time: number;
}

export interface FetchReport {
  readonly series: SeriesInfo;
  readonly addedBars: number;
  /** Bars of this series that were stored before. */
  readonly resumedBars: number;
  /** What the reader should know: history the exchange does not have, holes left. */
  readonly notices: readonly string[];
}

/** A row as ccxt hands it over; exchanges that leave a number out make it undefined, which is refused. */
const Rows = z.array(z.tuple([z.int(), z.number(), z.number(), z.number(), z.number(), z.number()]));
type Row = z.infer<typeof Rows>[number];

const maxAttempts = 6;
const firstWaitMs = 500;
/** Pages of older history that are merged into the store at a time: what an interruption can cost. */
const headPages = 50;

/**
 * Downloads closed bars into the store, page by page, each stored as it comes: run again after an interruption, it
 * goes on behind the last stored bar (and before the first one when older bars are asked for). The unfinished bar is
 * left out, by the exchange's own clock where it has one.
 * @throws candles/unknown-symbol, candles/unsupported-timeframe, candles/venue-unreachable, candles/venue-error,
 *   candles/nothing-fetched
 */
export async function fetchCandles(
  store: CandleStore,
  venue: OpenVenue,
  request: FetchRequest,
  ports: FetchPorts,
): Promise<FetchReport> {
  const download = new Download(store, venue, request, ports);
  return await download.run();
}

class Download {
  readonly #store: CandleStore;
  readonly #venue: OpenVenue;
  readonly #ports: FetchPorts;
  readonly #request: FetchRequest;
  readonly #stepMs: number;
  readonly #notices: string[] = [];
  #key: SeriesKey;
  #addedBars = 0;
  #expectedBars = 0;

  constructor(store: CandleStore, venue: OpenVenue, request: FetchRequest, ports: FetchPorts) {
    this.#store = store;
    this.#venue = venue;
    this.#request = request;
    this.#ports = ports;
    this.#stepMs = timeframeMs(request.timeframe);
    const symbol = symbolOfPair(request.symbol.toUpperCase()) ?? request.symbol;
    this.#key = { venue: venue.name, symbol, timeframe: request.timeframe };
  }

  async run(): Promise<FetchReport> {
    await this.#checkMarket();
    this.#key = parseSeriesKey(this.#key);
    const span = { from: Math.ceil(this.#request.from / this.#stepMs) * this.#stepMs, to: await this.#end() };
    if (span.from >= span.to) throw this.#nothing(span);
    const stored = this.#store.find(this.#key);
    const tail = { from: stored === undefined ? span.from : stored.lastTime + this.#stepMs, to: span.to };
    this.#expectedBars =
      (Math.max(0, tail.to - tail.from) + Math.max(0, (stored?.firstTime ?? span.from) - span.from)) / this.#stepMs;
    if (stored !== undefined && span.from < stored.firstTime) await this.#fetchHead(span.from, stored.firstTime);
    await this.#fetchTail(tail);
    const series = this.#store.find(this.#key);
    if (series === undefined) throw this.#nothing(span);
    return { series, addedBars: this.#addedBars, resumedBars: stored?.bars ?? 0, notices: this.#notices };
  }

  async #checkMarket(): Promise<void> {
    const { exchange, name } = this.#venue;
    await this.#retrying(() => exchange.loadMarkets());
    const { symbol, timeframe } = this.#key;
    if (exchange.markets?.[symbol] === undefined || exchange.markets[symbol].spot === false) {
      const spot = Object.values(exchange.markets ?? {}).flatMap((market) => (market?.spot === true ? [market.symbol] : []));
      const near = nearestNames(symbol, spot, 5);
      throw new RatchetError(
        'candles/unknown-symbol',
        `${name} has no market "${symbol}".`,
        near.length === 0 ? 'Check the name at the exchange.' : `Near it: ${near.join(', ')}.`,
        { venue: name, symbol, near },
      );
    }
    if (exchange.timeframes[timeframe] === undefined) {
      const offered = timeframes.filter((candidate) => exchange.timeframes[candidate] !== undefined);
      throw new RatchetError(
        'candles/unsupported-timeframe',
        `${name} has no ${timeframe} bars.`,
        `It offers ${offered.join(', ')}; higher ones are derived from lower ones.`,
        { venue: name, timeframe },
      );
    }
  }

  /** Where the closed bars end: the span's end, or the start of the bar that is still forming. */
  async #end(): Promise<number> {
    const { exchange } = this.#venue;
    const here = this.#ports.now();
    const there = exchange.has.fetchTime === true ? await this.#retrying(() => exchange.fetchTime()) : here;
    const now = Math.min(here, there ?? here);
    return Math.floor(Math.min(this.#request.to ?? now, now) / this.#stepMs) * this.#stepMs;
  }

  /** Newest block first, so that an interruption leaves one unbroken series that reaches less far back. */
  async #fetchHead(from: number, firstStoredTime: number): Promise<void> {
    const blockMs = headPages * venueTraits[this.#venue.name].pageBars * this.#stepMs;
    for (let end = firstStoredTime; end > from; ) {
      const start = Math.max(from, end - blockMs);
      const rows: Row[] = [];
      for await (const page of this.#pages({ from: start, to: end })) rows.push(...page);
      if (rows.length === 0) {
        this.#notices.push(`${this.#venue.name} gave no bars between ${day(from)} and ${day(end)}.`);
        return;
      }
      const stored = this.#store.find(this.#key)!;
      this.#store.put(this.#key, mergeColumns(columnsOfRows(rows), this.#store.load(this.#key)), stored);
      this.#report(rows);
      end = start;
    }
  }

  async #fetchTail(span: Span): Promise<void> {
    let isFirst = true;
    for await (const page of this.#pages(span)) {
      if (isFirst) this.#noteLateStart(span.from, page[0]![0]);
      isFirst = false;
      const columns = columnsOfRows(page);
      if (this.#store.find(this.#key) === undefined) {
        this.#store.put(this.#key, columns, { isSimulated: false, source: `fetched from ${this.#venue.name}` });
      } else {
        this.#store.append(this.#key, columns);
      }
      this.#report(page);
    }
  }

  #noteLateStart(asked: number, given: number): void {
    if (given <= asked) return;
    const { newestBarsOnly } = venueTraits[this.#venue.name];
    const missing = `no bars between ${minute(asked)} and ${minute(given)}`;
    this.#notices.push(
      newestBarsOnly === undefined
        ? `${this.#venue.name} gave ${missing}.`
        : `${this.#venue.name} serves only its newest ${newestBarsOnly} candles: ${missing}. Import its downloadable history for those.`,
    );
  }

  /** Rows of closed bars in the span, in order, page by page; empty pages are not handed on. */
  async *#pages(span: Span): AsyncGenerator<Row[]> {
    const { exchange, name } = this.#venue;
    const { pageBars, isWindowed } = venueTraits[name];
    for (let since = span.from; since < span.to; ) {
      const answer = await this.#retrying(() => exchange.fetchOHLCV(this.#key.symbol, this.#key.timeframe, since, pageBars));
      const rows = this.#parse(answer)
        .filter(([time]) => time >= since && time + this.#stepMs <= span.to)
        .sort((a, b) => a[0] - b[0]);
      if (rows.length > 0) yield rows;
      else if (!isWindowed) return;
      since = rows.length > 0 ? rows.at(-1)![0] + this.#stepMs : since + pageBars * this.#stepMs;
    }
  }

  #parse(answer: unknown): Row[] {
    const parsed = Rows.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw this.#venueError(
      `its candles are malformed (${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message})`,
      parsed.error,
    );
  }

  #report(rows: readonly Row[]): void {
    this.#addedBars += rows.length;
    this.#ports.onProgress?.({ bars: this.#addedBars, expectedBars: this.#expectedBars, time: rows.at(-1)![0] });
  }

  async #retrying<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!this.#venue.isPassing(error)) throw this.#venueError(explain(error), error);
        if (attempt >= maxAttempts) throw this.#unreachable(attempt, error);
        const waitMs = firstWaitMs * 2 ** (attempt - 1);
        this.#ports.onRetry?.(attempt, waitMs, error);
        await this.#ports.sleep(waitMs);
      }
    }
  }

  #unreachable(attempts: number, error: unknown): RatchetError {
    return new RatchetError(
      'candles/venue-unreachable',
      `${this.#venue.name} did not answer ${attempts} times in a row; ${this.#addedBars} new bars of ${nameOfSeries(this.#key)} are stored.`,
      'Run the same command again later; it goes on where it stopped.',
      { venue: this.#venue.name, addedBars: this.#addedBars },
      error,
    );
  }

  #venueError(what: string, error: unknown): RatchetError {
    return new RatchetError(
      'candles/venue-error',
      `${this.#venue.name} refused: ${what.slice(0, 300)}.`,
      'Check the request; what was fetched before is stored.',
      { venue: this.#venue.name },
      error,
    );
  }

  #nothing(span: Span): RatchetError {
    return new RatchetError(
      'candles/nothing-fetched',
      `${this.#venue.name} has no closed ${this.#key.timeframe} bars of ${this.#key.symbol} between ${minute(span.from)} and ${minute(span.to)}.`,
      'Choose another span.',
      { ...this.#key },
    );
  }
}

function columnsOfRows(rows: readonly Row[]): CandleColumns {
  const columns = allocateColumns(rows.length);
  for (const [index, row] of rows.entries()) {
    for (const [place, name] of columnNames.entries()) columns[name][index] = row[place]!;
  }
  return columns;
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function minute(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
