import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { openCcxtMarketData } from '#engine/feeds/ccxt-market-data.ts';
import type { Instant } from '#engine/feeds/feed.ts';
import type { FeedSettings } from '#engine/feeds/feed-settings.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import type { MarketData } from '#engine/feeds/market-data.ts';
import { createLog } from '#engine/log.ts';
import { MarketFigures } from '#engine/venues/rehearsal/market-figures.ts';
import { type Rehearsal, type RehearsalDialect, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { CandleExchange } from '#tests/engine/candles/exchange/candle-exchange.ts';
import { coinbaseDialect } from '#tests/engine/candles/exchange/coinbase-dialect.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';

const minute = 60_000;
const start = Date.UTC(2026, 10, 26, 12, 0);
const symbols = ['BTC/USD', 'ETH/USD'];
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A short past, and streams that are given up soon. */
const quick = { historyBars: 100, silence: { factor: 10, minMs: 20_000, maxMs: 20_000 } };

/** A feed over a real server, HTTP and websocket, both by one clock that the test turns second by second. */
class Line {
  readonly clock = new VirtualClock(start);
  readonly taken: Instant[] = [];
  /** What the feed has asked the exchange to stream. */
  readonly watched = new Set<string>();
  rehearsal!: Rehearsal;
  feed!: LiveFeed;
  #inFlight = 0;

  static async open(dialect: RehearsalDialect, skewMs = 0, settings: Partial<FeedSettings> = quick): Promise<Line> {
    const line = new Line();
    const prices = { seed: 7, symbols, timeframe: '1m' } as const;
    line.rehearsal = await startRehearsal({ dialect, prices, balances: { USD: '1000' }, clock: line.clock });
    closing.push(() => line.rehearsal.close());
    line.rehearsal.setSkew(skewMs);
    const folder = mkdtempSync(join(tmpdir(), 'ratchet-line-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const data = await openCcxtMarketData({ exchange: dialect, clock: line.clock, baseUrl: line.rehearsal.baseUrl });
    line.feed = await LiveFeed.open({
      data: countedBy(data, (work) => line.#counted(work), line.watched),
      symbols,
      timeframe: '1m',
      store: CandleStore.open(folder),
      clock: line.clock,
      random: new RandomStream(1, 'feed'),
      log: createLog('silent'),
      takenUntil: null,
      settings,
    });
    closing.push(() => line.feed.close());
    line.feed.onNews(() => line.take());
    await line.joined();
    return line;
  }

  /** All markets are subscribed to. */
  async joined(): Promise<void> {
    await vi.waitFor(() => expect(this.rehearsal.server.streamCount).toBe(1), { interval: 2 });
    await this.pass(1);
  }

  take(): void {
    for (let instant = this.feed.next(); instant !== null; instant = this.feed.next()) this.taken.push(instant);
  }

  /** Seconds go by, and each waits for what is on its way. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      const until = this.clock.now() + 1000;
      while (await this.clock.step(until)) await this.#quiet();
      await this.#quiet();
    }
  }

  /** Bars taken that are not what the exchange now says of them. */
  mistakes(): number {
    const figures = new MarketFigures(this.rehearsal.exchange);
    const bars = this.taken.flatMap((instant) => instant.bars);
    return bars.filter((bar) => {
      const truth = figures.bar(bar.symbol, minute, bar.time);
      return (
        truth === null ||
        (['open', 'high', 'low', 'close', 'volume'] as const).some((name) => Math.abs(truth[name] / bar[name] - 1) > 1e-6)
      );
    }).length;
  }

  async #quiet(): Promise<void> {
    for (let turn = 0; turn < 12 || this.#inFlight > 0; turn += 1) await drained();
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#inFlight += 1;
    return work.finally(() => {
      this.#inFlight -= 1;
    });
  }
}

type Count = <T>(work: Promise<T>) => Promise<T>;

/** The same market data, its questions counted while they are on their way, and noted what is watched. */
function countedBy(data: MarketData, count: Count, watched = new Set<string>()): MarketData {
  return {
    venue: data.venue,
    isSimulated: data.isSimulated,
    traits: data.traits,
    bars: (symbol, timeframe, since, limit) => count(data.bars(symbol, timeframe, since, limit)),
    watch: (symbol, timeframe) => {
      watched.add(`${symbol} ${timeframe}`);
      return data.watch(symbol, timeframe);
    },
    disconnect: () => data.disconnect(),
    serverTime: () => count(data.serverTime()),
    close: () => data.close(),
  };
}

describe.each(['kraken', 'binance'] as const)('a feed from %s, by websocket and HTTP', (dialect) => {
  it('hands out every bar once, right and soon, over minutes in which streams break, fall silent and stay away', async () => {
    const line = await Line.open(dialect);
    expect(line.feed.series[0]!.since(0).time.length).toBeGreaterThan(90);
    await line.pass(190);
    line.rehearsal.server.dropStreams();
    await line.pass(60);
    expect(line.feed.health()).toMatchObject({ stream: 'connected', reconnects: 1 });
    line.rehearsal.server.silence();
    await line.pass(90);
    expect(line.feed.health().reconnects).toBeGreaterThan(1);
    line.rehearsal.server.speak();
    await line.rehearsal.server.down();
    await line.pass(150);
    expect(line.feed.health().stream).toBe('lost');
    await line.rehearsal.server.up();
    await line.pass(200);
    expect(line.feed.health()).toMatchObject({ stream: 'connected', breaker: 'closed' });
    const times = line.taken.filter(({ bars }) => bars.length > 0).map(({ time }) => (time - start) / minute);
    expect(times).toEqual(Array.from({ length: times.length }, (_, index) => index + 1));
    expect(times.length).toBeGreaterThanOrEqual(11);
    expect(line.taken.flatMap(({ missing }) => missing)).toEqual([]);
    expect(line.mistakes()).toBe(0);
    expect(line.feed.health().series.map(({ corrections }) => corrections)).toEqual([0, 0]);
    const prompt = line.taken[2]!.ages;
    expect(Math.max(...prompt)).toBeLessThanOrEqual(2_000);
  });

  it('begins, as it is shipped, with the oldest bars the exchange has, and hands out the next', async () => {
    const line = await Line.open(dialect, 0, {});
    await line.pass(130);
    // One timeframe a market, from which others are made: ccxt mixes two of the same market up.
    expect(line.watched).toEqual(new Set(symbols.map((symbol) => `${symbol} 1m`)));
    expect(line.taken.map(({ bars }) => bars.length)).toEqual([2, 2]);
    // Kraken serves its newest 720, one of which is forming; this stand-in has a thousand behind it.
    const known = line.feed.series.map((series) => series.since(0).time.length - 2);
    expect(known).toEqual(dialect === 'kraken' ? [719, 719] : [1_000, 1_000]);
    expect(line.feed.health().problems).toEqual([]);
  });

  it('measures a clock that is 90 seconds off, and waits for bars by it', async () => {
    const line = await Line.open(dialect, 90_000);
    expect(line.feed.health().clock!.offset).toBeGreaterThan(89_000);
    expect(line.feed.health().clock!.offset).toBeLessThan(91_000);
    await line.pass(130);
    expect(line.taken.length).toBeGreaterThan(1);
  });

  it('tells a rate limit, an outage and an address that nobody has apart', async () => {
    const line = await Line.open(dialect);
    const { server } = line.rehearsal;
    const data = await openCcxtMarketData({ exchange: dialect, clock: line.clock, baseUrl: server.baseUrl });
    closing.push(() => data.close());
    const failure = (work: Promise<unknown>) =>
      work.then(
        () => null,
        (error: unknown) => (error instanceof VenueError ? `${error.kind} ${error.certainty}` : String(error)),
      );
    await data.bars('BTC/USD', '1m', start - 10 * minute, 100);
    server.faults.next('*', { kind: 'rate-limit' });
    expect(await failure(data.bars('BTC/USD', '1m', start, 10))).toBe('rate-limit refused');
    server.faults.next('*', { kind: 'drop-before' });
    expect(await failure(data.bars('BTC/USD', '1m', start, 10))).toBe('network unknown');
    expect(await failure(data.bars('NOPE/USD', '1m', start, 10))).toBe('other refused');
    const watching = failure(data.watch('BTC/USD', '1m').then(() => data.watch('BTC/USD', '1m')));
    await vi.waitFor(() => expect(server.streamCount).toBe(2), { interval: 2 });
    await data.disconnect();
    expect(await watching).toBe('network unknown');
    await vi.waitFor(() => expect(server.streamCount).toBe(1), { interval: 2 });
    const nowhere = await openCcxtMarketData({ exchange: dialect, clock: line.clock, baseUrl: 'http://rehearsal.invalid:9' });
    closing.push(() => nowhere.close());
    expect(await failure(nowhere.serverTime())).toBe('network not-sent');
    expect(await failure(nowhere.watch('BTC/USD', '1m'))).toBe('network not-sent');
  });
});

describe('a feed from coinbase, by HTTP alone', () => {
  it('asks after each minute, hands out what traded and lets the minutes pass in which nothing did', async () => {
    const clock = new VirtualClock(start);
    // The tenth, twentieth, … minute is without a trade: Coinbase leaves it out.
    const minutes = Array.from({ length: 140 }, (_, index) => index - 100).filter((index) => index % 10 !== 0);
    const column = (value: (index: number) => number) => Float64Array.from(minutes, value);
    const columns = {
      time: column((index) => start + index * minute),
      open: column(() => 100),
      high: column((index) => 102 + index / 1000),
      low: column(() => 99),
      close: column((index) => 101 + index / 1000),
      volume: column((index) => 200 + index),
    };
    const exchange = await CandleExchange.start(coinbaseDialect, { stepMs: minute, columns, nowMs: start });
    closing.push(() => exchange.stop());
    const folder = mkdtempSync(join(tmpdir(), 'ratchet-line-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const data = await openCcxtMarketData({ exchange: 'coinbase', clock, baseUrl: exchange.url });
    let inFlight = 0;
    const counted = async <T>(work: Promise<T>): Promise<T> => {
      inFlight += 1;
      return work.finally(() => {
        inFlight -= 1;
      });
    };
    const feed = await LiveFeed.open({
      data: countedBy(data, counted),
      symbols: ['BTC/USD'],
      timeframe: '1m',
      store: CandleStore.open(folder),
      clock,
      random: new RandomStream(1, 'feed'),
      log: createLog('silent'),
      takenUntil: null,
      settings: { historyBars: 100 },
    });
    closing.push(() => feed.close());
    const taken: Instant[] = [];
    feed.onNews(() => {
      for (let instant = feed.next(); instant !== null; instant = feed.next()) taken.push(instant);
    });
    for (let second = 1; second < 22 * 60; second += 1) {
      exchange.state.nowMs = start + second * 1000;
      while (await clock.step(exchange.state.nowMs)) while (inFlight > 0) await drained();
    }
    expect(taken.map(({ time }) => (time - start) / minute)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    const closes = taken.flatMap(({ bars }) => bars.map(({ time, close }) => [(time - start) / minute, close]));
    expect(closes).toEqual(minutes.filter((index) => index > 0 && index < 21).map((index) => [index, 101 + index / 1000]));
    expect(feed.health()).toMatchObject({ stream: 'none', problems: [] });
  });
});
