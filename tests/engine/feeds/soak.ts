import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import { createLog } from '#engine/log.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { krakenTraits, ScriptedMarket } from './scripted-market.ts';

export interface SoakOptions {
  readonly hours: number;
  readonly seed: number;
  readonly symbols?: readonly string[];
  /** How often memory is looked at, hours. */
  readonly lookEveryHours?: number;
  readonly onLook?: (look: SoakLook) => void;
}

export interface SoakLook {
  readonly hour: number;
  /** Heap in use and array buffers after a collection, where the process exposes one (`--expose-gc`). */
  readonly memoryMb: number;
}

export interface SoakReport {
  readonly instants: number;
  readonly bars: number;
  /** Bars the market made that were neither handed out nor waited for in vain. */
  readonly lost: number;
  /** Bars handed out that are not what the market made. */
  readonly wrong: number;
  /** Bars handed out twice or out of order. */
  readonly disordered: number;
  readonly missed: number;
  readonly corrections: number;
  readonly reconnects: number;
  readonly storedBars: number;
  readonly looks: readonly SoakLook[];
  /** The largest look less the smallest, the first left out: until then caches fill. */
  readonly growthMb: number;
}

export const nineSymbols = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT', 'LINK', 'LTC', 'DOGE'].map((base) => `${base}/USD`);

const minute = 60_000;
const start = Date.UTC(2026, 10, 2);
/** Shares of minutes in which something goes wrong, each for up to five minutes. */
const faultRates = { broken: 1 / 240, mute: 1 / 480, outage: 1 / 720 };

/**
 * A live feed over hours or weeks of a market in which some symbols trade seldom, streams break, fall silent and repeat themselves, and
 * the venue is away at times; all of it under a virtual clock. Counts what became of every bar, and looks at memory.
 */
export async function soakLiveFeed({
  hours,
  seed,
  symbols = nineSymbols,
  lookEveryHours = 24,
  onLook,
}: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-soak-'));
  const clock = new VirtualClock(start);
  const random = new RandomStream(seed, 'soak');
  const market = new ScriptedMarket({ clock, traits: krakenTraits });
  for (const symbol of symbols) market.addHistory(symbol, 100);
  let corrections = 0;
  const opening = LiveFeed.open({
    data: market,
    symbols,
    timeframe: '1m',
    store: CandleStore.open(folder),
    clock,
    random: new RandomStream(seed, 'feed'),
    log: createLog('silent'),
    takenUntil: null,
    onCorrection: () => {
      corrections += 1;
    },
    // Every hour and not every minute, so that a week passes while somebody waits.
    settings: { historyBars: 100, keepBars: 200, storeEveryMs: 60 * minute },
  });
  const until = async (time: number): Promise<void> => {
    await drained();
    while (await clock.step(time));
  };
  await until(start + 30_000);
  const feed = await opening;
  const tally = new Tally();
  const take = () => {
    for (let instant = feed.next(); instant !== null; instant = feed.next()) {
      for (const bar of instant.bars) tally.hand(bar);
      tally.instants += 1;
    }
  };
  feed.onNews(take);
  take();
  const looks: SoakLook[] = [];
  try {
    for (let passed = 1; passed <= hours * 60; passed += 1) {
      const opened = start + passed * minute;
      await until(opened);
      trouble(market, random);
      const trades = symbols.flatMap((symbol, rank) => {
        // The last ones trade in a third of the minutes only.
        const count = random.uniform() < 1 - rank / (1.5 * symbols.length) ? 1 + Math.floor(random.uniform() * 3) : 0;
        return Array.from({ length: count }, () => ({ symbol, at: opened + Math.floor(random.uniform() * minute) }));
      });
      for (const { symbol, at } of trades.sort((a, b) => a.at - b.at)) {
        await until(at);
        market.trade(symbol, 100 + random.uniform(), 0.5 + random.uniform());
        if (random.uniform() < 0.05) market.tell(symbol, [market.barOf(symbol, opened)!]);
      }
      await until(opened + minute - 1);
      for (const symbol of symbols) tally.make(symbol, market.barOf(symbol, opened));
      if (passed % (lookEveryHours * 60) === 0) {
        (globalThis as { gc?: () => void }).gc?.();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        const look = { hour: passed / 60, memoryMb: (heapUsed + arrayBuffers) / 2 ** 20 };
        looks.push(look);
        onLook?.(look);
      }
    }
    // Whatever was away comes back, and what is late has its time.
    market.outage = null;
    market.isMute = false;
    await until(clock.now() + 15 * minute);
    take();
    const { series, reconnects } = feed.health();
    const missed = series.reduce((sum, one) => sum + one.missed, 0);
    await feed.close();
    const store = CandleStore.open(folder);
    const storedBars = store.series().reduce((sum, { bars }) => sum + bars, 0);
    store.close();
    const settled = looks.slice(1).map(({ memoryMb }) => memoryMb);
    const growthMb = settled.length === 0 ? 0 : Math.max(...settled) - Math.min(...settled);
    return { ...tally.report(), missed, corrections, reconnects, storedBars, looks, growthMb };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function trouble(market: ScriptedMarket, random: RandomStream): void {
  if (random.uniform() < 0.3) {
    market.isMute = false;
    market.outage = null;
  }
  if (random.uniform() < faultRates.broken) market.breakStream();
  if (random.uniform() < faultRates.mute) market.isMute = true;
  if (random.uniform() < faultRates.outage) {
    market.outage = new VenueError('network', 'unknown', 'The connection was closed.', 'Try again.');
    market.breakStream();
  }
}

type Bar = { readonly time: number; readonly close: number; readonly volume: number };

/** What the market made and what came of it; forgets a bar as soon as it knows. */
class Tally {
  instants = 0;
  #bars = 0;
  #wrong = 0;
  #disordered = 0;
  readonly #made = new Map<string, Bar>();
  readonly #newest = new Map<string, number>();

  make(symbol: string, bar: Bar | undefined): void {
    if (bar !== undefined) this.#made.set(`${symbol} ${bar.time}`, bar);
  }

  hand({ symbol, ...bar }: Bar & { readonly symbol: string }): void {
    const name = `${symbol} ${bar.time}`;
    const made = this.#made.get(name);
    this.#bars += 1;
    if (made === undefined || made.close !== bar.close || Math.abs(made.volume / bar.volume - 1) > 1e-9) this.#wrong += 1;
    if (bar.time <= (this.#newest.get(symbol) ?? 0)) this.#disordered += 1;
    this.#newest.set(symbol, bar.time);
    this.#made.delete(name);
  }

  report() {
    return { instants: this.instants, bars: this.#bars, wrong: this.#wrong, disordered: this.#disordered, lost: this.#made.size };
  }
}
