import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { sleep } from '#engine/clock.ts';
import type { Instant } from '#engine/feeds/feed.ts';
import type { FeedSettings } from '#engine/feeds/feed-settings.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import type { MarketDataTraits } from '#engine/feeds/market-data.ts';
import type { Correction } from '#engine/feeds/series-ledger.ts';
import { createLog } from '#engine/log.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { binanceTraits, coinbaseTraits, krakenTraits, ScriptedMarket } from './scripted-market.ts';

const minute = 60_000;
/** On the minute. */
const start = Date.UTC(2026, 10, 26, 12, 0);
const log = createLog('silent');
const folders: string[] = [];
const open: LiveFeed[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const feed of open.splice(0)) await feed.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-feed-'));
  folders.push(folder);
  return folder;
}

interface Setup {
  readonly traits?: MarketDataTraits;
  readonly symbols?: readonly string[];
  readonly settings?: Partial<FeedSettings>;
  readonly offsetMs?: number;
  readonly historyBars?: number;
  /** The engine takes nothing by itself. */
  readonly isIdle?: boolean;
  readonly prepare?: (market: ScriptedMarket) => void;
}

/** A feed over a scripted market, the engine's part played by `taken`: it takes every instant as it arrives. */
class Scene {
  readonly clock: VirtualClock;
  readonly market: ScriptedMarket;
  readonly taken: Instant[] = [];
  /** When each was taken, seconds after its close. */
  readonly delays: number[] = [];
  readonly corrections: Correction[] = [];
  readonly folder: string;
  readonly symbols: readonly string[];
  feed!: LiveFeed;
  readonly #settings: Partial<FeedSettings>;
  readonly #isIdle: boolean;

  constructor(setup: Setup, folder = newFolder(), clock = new VirtualClock(start), market?: ScriptedMarket) {
    this.clock = clock;
    this.folder = folder;
    this.#isIdle = setup.isIdle ?? false;
    this.symbols = setup.symbols ?? ['BTC/USD', 'ETH/USD'];
    this.#settings = { historyBars: 60, keepBars: 50, auditEveryMs: 3_600_000, ...setup.settings };
    this.market = market ?? new ScriptedMarket({ clock, traits: setup.traits ?? krakenTraits, offsetMs: setup.offsetMs ?? 0 });
    if (market === undefined) for (const symbol of this.symbols) this.market.addHistory(symbol, setup.historyBars ?? 100);
    setup.prepare?.(this.market);
  }

  static async open(setup: Setup = {}): Promise<Scene> {
    const scene = new Scene(setup);
    await scene.openFeed(null);
    return scene;
  }

  async openFeed(takenUntil: number | null): Promise<void> {
    const opening = LiveFeed.open({
      data: this.market,
      symbols: this.symbols,
      timeframe: '1m',
      store: CandleStore.open(this.folder),
      clock: this.clock,
      random: new RandomStream(1, 'feed'),
      log,
      takenUntil,
      onCorrection: (correction) => this.corrections.push(correction),
      settings: this.#settings,
    });
    let isOpen = false;
    void opening.then(() => {
      isOpen = true;
    });
    await drained();
    while (!isOpen) await this.clock.step(Number.POSITIVE_INFINITY);
    this.feed = await opening;
    open.push(this.feed);
    if (this.#isIdle) return;
    this.feed.onNews(() => this.take());
    this.take();
  }

  take(): void {
    for (let instant = this.feed.next(); instant !== null; instant = this.feed.next()) {
      this.taken.push(instant);
      this.delays.push((this.market.now() - instant.time) / 1000);
    }
  }

  /** Lets time pass until `seconds` after the start. */
  async until(seconds: number): Promise<void> {
    await drained();
    while (await this.clock.step(start + seconds * 1000));
    await drained();
  }

  /** Something trades at each of these seconds after the start. */
  async trade(symbol: string, ...seconds: number[]): Promise<void> {
    for (const second of seconds) {
      await this.until(second);
      this.market.trade(symbol, 100 + (second % 13));
      await drained();
    }
  }

  /** `minute: symbols` of every instant taken. */
  get told(): string[] {
    return this.taken.map(({ time, bars, missing }) => {
      const symbols = bars.map(({ symbol }) => symbol[0]).join('');
      const lacking = missing.length === 0 ? '' : ` without ${missing.map((symbol) => symbol[0]).join('')}`;
      return `${(time - start) / minute}: ${symbols}${lacking}`;
    });
  }
}

describe('a live feed', () => {
  it('hands a bar out when a later one begins, and never the one that is forming', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 5, 70, 80, 100, 120.5);
    expect(scene.told).toEqual(['1: B', '2: B']);
    expect(scene.delays.at(-1)).toBe(0.5);
    expect(scene.taken.at(-1)!.bars[0]).toEqual({ symbol: 'BTC/USD', ...scene.market.barOf('BTC/USD', start + minute) });
    await scene.until(179);
    expect(scene.told.at(-1)).toBe('2: B');
  });

  it('asks for a bar that no later one ends, shortly after its time is up', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 70, 130);
    await scene.until(240);
    expect(scene.told).toEqual(['1: ', '2: B', '3: B']);
    expect(scene.delays[2]).toBeLessThan(2.2);
  });

  it('hands out together what closes together', async () => {
    const scene = await Scene.open();
    for (const second of [65, 70, 121, 125, 181, 182]) {
      await scene.trade(second % 2 === 0 ? 'ETH/USD' : 'BTC/USD', second);
    }
    await scene.until(200);
    expect(scene.told.slice(1)).toEqual(['2: BE', '3: B']);
  });

  it('lets time go on where nothing trades, on venues that list such minutes and on those that do not', async () => {
    for (const traits of [krakenTraits, binanceTraits, coinbaseTraits]) {
      const scene = await Scene.open({ traits, symbols: ['BTC/USD'] });
      await scene.trade('BTC/USD', 70, 310);
      await scene.until(370);
      expect(scene.told).toEqual(['1: ', '2: B', '3: ', '4: ', '5: ', '6: B']);
      expect(Math.max(...scene.delays)).toBeLessThan(3);
    }
  });

  it('knows how old every bar was when it came, and how old the newest is', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 70, 123);
    await scene.until(150);
    expect(scene.taken.at(-1)!.ages[0]).toBeLessThan(2_200);
    expect(scene.feed.health().series[0]).toMatchObject({ newestClose: start + 2 * minute });
    expect(scene.feed.health().series[0]!.ageMs).toBeCloseTo(30_000, -3);
  });

  it('goes by the clock of the venue when its own is 90 seconds off', async () => {
    for (const offsetMs of [90_000, -90_000]) {
      const scene = await Scene.open({ symbols: ['BTC/USD'], offsetMs });
      expect(scene.feed.health().clock!.offset).toBeCloseTo(offsetMs, -3);
      expect(scene.feed.health().clock!.uncertainty).toBeLessThan(600);
      await scene.trade('BTC/USD', 130, 150, 250);
      await scene.until(400);
      const traded = scene.taken.flatMap(({ bars }) => bars);
      for (const bar of traded) expect(bar).toEqual({ symbol: 'BTC/USD', ...scene.market.barOf('BTC/USD', bar.time) });
      expect(traded.length).toBeGreaterThanOrEqual(2);
      expect(Math.max(...scene.delays.slice(3))).toBeLessThan(3.5);
    }
  });

  it('asks nine markets of a venue that answers ten questions at once for their bars before it makes surer of the clock', async () => {
    const symbols = ['ADA', 'ATOM', 'BTC', 'DOT', 'ETH', 'LINK', 'LTC', 'SOL', 'XRP'].map((base) => `${base}/USD`);
    const told = vi.spyOn(ScriptedMarket.prototype, 'serverTime');
    const scene = await Scene.open({ symbols, traits: { ...krakenTraits, budget: { capacity: 10, perSecond: 1 } } });
    expect(scene.clock.now() - start).toBeLessThan(1_000);
    expect(scene.market.asked.map(({ symbol }) => symbol)).toEqual(symbols);
    await scene.until(20);
    expect(told).toHaveBeenCalledTimes(4);
  });
});

describe('a stream that misbehaves', () => {
  it('may repeat itself, come in the wrong order and go back to how a bar stood before', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 5, 70);
    const early = scene.market.barOf('BTC/USD', start + minute)!;
    await scene.trade('BTC/USD', 80, 90);
    const late = scene.market.barOf('BTC/USD', start + minute)!;
    scene.market.tell('BTC/USD', [late, early, late, early]);
    await scene.trade('BTC/USD', 121);
    expect(scene.taken.at(-1)).toMatchObject({ time: start + 2 * minute, bars: [{ volume: 3 }] });
    scene.market.tell('BTC/USD', [early, late]);
    await scene.until(130);
    expect(scene.corrections).toEqual([]);
  });

  it('is not believed about bars it has not seen whole', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 70);
    scene.market.breakStream();
    // Traded while nobody listened.
    await scene.until(75);
    scene.market.trade('BTC/USD', 555, 9, false);
    await scene.trade('BTC/USD', 121);
    await scene.until(125);
    expect(scene.taken.at(-1)!.bars[0]).toMatchObject({ high: 555, volume: 10 });
    expect(scene.feed.health()).toMatchObject({ stream: 'connected', reconnects: 1 });
  });

  it('is taken up again after growing waits while the venue cannot be found, and bars come by asking meanwhile', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 61);
    scene.market.streamOutage = new VenueError('network', 'not-sent', 'getaddrinfo ENOTFOUND', 'Look at the network.');
    scene.market.breakStream();
    for (const second of [65, 125, 185]) {
      await scene.until(second);
      scene.market.trade('BTC/USD', 101, 1, false);
    }
    const tries = scene.market.watches;
    await scene.until(300);
    expect(scene.told.slice(1, 4)).toEqual(['2: B', '3: B', '4: B']);
    expect(scene.feed.health()).toMatchObject({ stream: 'lost', problems: [expect.stringContaining('ENOTFOUND')] });
    expect(scene.market.watches - tries).toBeLessThan(20);
    scene.market.streamOutage = null;
    await scene.until(420);
    await scene.trade('BTC/USD', 430);
    expect(scene.feed.health()).toMatchObject({ stream: 'connected', problems: [] });
  });

  it('that says nothing any more is noticed and broken, and costs no bar', async () => {
    const silence = { factor: 10, minMs: 30_000, maxMs: 30_000 };
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings: { silence } });
    await scene.trade('BTC/USD', 61, 62, 63, 64, 65);
    await scene.until(65);
    scene.market.isMute = true;
    const before = scene.market.watches;
    await scene.until(95);
    expect(scene.market.watches).toBe(before);
    await scene.trade('BTC/USD', 100, 160);
    expect(scene.market.watches).toBeGreaterThan(before);
    await scene.until(190);
    expect(scene.feed.health().reconnects).toBeGreaterThan(0);
    expect(scene.told.slice(1)).toEqual(['2: B', '3: B']);
    expect(scene.taken[1]!.bars[0]!.volume).toBe(6);
  });

  it('may tell a bar that cannot be true: it is left out, and asked for', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.trade('BTC/USD', 70);
    scene.market.tell('BTC/USD', [{ ...scene.market.barOf('BTC/USD', start + minute)!, high: Number.NaN, volume: 7 }]);
    expect(scene.feed.health().problems).toEqual([]);
    await scene.until(71);
    expect(scene.feed.health().problems[0]).toContain('high is NaN');
    await scene.until(125);
    expect(scene.taken.at(-1)!.bars[0]).toMatchObject({ volume: 1 });
  });
});

describe('a venue that does not answer', () => {
  const down = new VenueError('network', 'unknown', 'The connection was closed.', 'Try again.');

  it('is asked for what was missed once it is back, and everything is handed out in order, with its age', async () => {
    const scene = await Scene.open();
    await scene.trade('BTC/USD', 61);
    scene.market.outage = down;
    scene.market.streamOutage = down;
    scene.market.breakStream();
    for (let second = 65; second < 900; second += 60) {
      await scene.until(second);
      for (const symbol of scene.symbols) scene.market.trade(symbol, 101, 1, false);
    }
    expect(scene.told).toEqual([]);
    expect(scene.feed.health()).toMatchObject({ breaker: expect.stringMatching(/open/), stream: 'lost' });
    scene.market.outage = null;
    scene.market.streamOutage = null;
    await scene.until(1100);
    expect(scene.told.slice(0, 14)).toEqual(Array.from({ length: 14 }, (_, index) => `${index + 2}: BE`));
    expect(scene.taken[0]!.ages[0]).toBeGreaterThan(700_000);
    await scene.trade('ETH/USD', 1110);
    expect(scene.feed.health()).toMatchObject({ breaker: 'closed', problems: [] });
  });

  it('for one market does not hold up the others longer than a moment, and they are told whom they went without', async () => {
    const scene = await Scene.open();
    scene.market.unanswered.add('ETH/USD');
    scene.market.breakStream();
    for (const second of [65, 125]) {
      await scene.until(second);
      scene.market.trade('BTC/USD', 101);
      scene.market.trade('ETH/USD', 101, 1, false);
    }
    await scene.until(200);
    expect(scene.told).toEqual(['2: B without E', '3: B without E']);
    expect(Math.max(...scene.delays)).toBeLessThan(15);
    expect(scene.feed.health().series[1]).toMatchObject({ missed: 2 });
  });

  it('is believed on its stream when nothing else is to be had', async () => {
    const scene = await Scene.open();
    await scene.trade('ETH/USD', 65);
    await scene.trade('BTC/USD', 66, 125);
    await scene.trade('ETH/USD', 126, 130);
    scene.market.outage = down;
    await scene.trade('BTC/USD', 170, 185, 188);
    await scene.until(200);
    expect(scene.told.at(-1)).toBe('3: BE');
    expect(scene.taken.at(-1)!.bars[1]).toMatchObject({ symbol: 'ETH/USD', volume: 2 });
  });

  it('for one market loses nothing of what its stream has seen whole since, while older bars are given up one by one', async () => {
    const scene = await Scene.open();
    scene.market.outage = down;
    scene.market.streamOutage = down;
    scene.market.breakStream();
    for (let second = 65; second < 1200; second += 60) {
      await scene.until(second);
      scene.market.trade('BTC/USD', 101, 1, false);
    }
    scene.market.unanswered.add('ETH/USD');
    scene.market.outage = null;
    scene.market.streamOutage = null;
    for (let second = 1265; second < 1500; second += 60) {
      await scene.trade('BTC/USD', second);
      await scene.trade('ETH/USD', second + 1);
    }
    await scene.until(1600);
    expect(scene.told).toEqual(expect.arrayContaining(['20: B without E', '23: BE', '24: BE']));
  });

  it('is not believed on a stream that is late: what comes after the end of a bar may have been sent before it', async () => {
    const scene = await Scene.open();
    await scene.trade('ETH/USD', 65);
    await scene.trade('BTC/USD', 66, 125);
    await scene.trade('ETH/USD', 126, 130);
    scene.market.unanswered.add('ETH/USD');
    await scene.until(184);
    scene.market.tell('BTC/USD', [scene.market.barOf('BTC/USD', start + 2 * minute)!]);
    await scene.until(200);
    expect(scene.told.at(-1)).toBe('3: B without E');
  });

  it('sets a pace, and is left alone when it says so', async () => {
    const scene = await Scene.open({ traits: { ...krakenTraits, budget: { capacity: 2, perSecond: 0.5 } } });
    const gaps = scene.market.asked.map(({ at }, index) => at - (scene.market.asked[index - 1]?.at ?? 0));
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(1_900);
    await scene.until(20);
    scene.market.outage = new VenueError('rate-limit', 'refused', 'Too many requests.', 'Wait.', { retryAfterMs: 40_000 });
    await scene.until(64);
    const asked = scene.market.asked.length;
    scene.market.outage = null;
    await scene.until(100);
    expect(scene.market.asked.length).toBe(asked);
    await scene.until(118);
    expect(scene.market.asked.length).toBeGreaterThan(asked);
  });

  it('that does not tell its time once is asked again within seconds, and nothing is left of it', async () => {
    const scene = await Scene.open({ settings: { measureEveryMs: 30_000 } });
    await scene.until(25);
    const asked = vi.spyOn(scene.market, 'serverTime');
    for (let failure = 0; failure < 3; failure += 1) asked.mockRejectedValueOnce(down);
    await scene.until(55);
    expect(asked).toHaveBeenCalledTimes(4);
    expect(scene.feed.health().problems).toEqual([]);
  });

  it('that tells its time slowly is asked again, as it may hide that a clock was set', async () => {
    const scene = await Scene.open({ settings: { measureEveryMs: 30_000 } });
    await scene.until(25);
    const asked = vi.spyOn(scene.market, 'serverTime');
    asked.mockImplementationOnce(() => sleep(scene.clock, 2_500).then(() => scene.market.now()));
    await scene.until(45);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('at the start is no reason not to open', async () => {
    const scene = await Scene.open({
      prepare: (market) => {
        market.outage = down;
      },
    });
    expect(scene.clock.now()).toBe(start + 15_000);
    expect(scene.feed.health()).toMatchObject({ clock: null, problems: [expect.stringContaining('clock')] });
    scene.market.outage = null;
    await scene.until(70);
    expect(scene.feed.health().clock).not.toBeNull();
    expect(scene.feed.series[0]!.since(0).time.length).toBeGreaterThan(50);
  });
});

describe('an answer', () => {
  it('may lag behind the clock of its venue: a bar it does not list yet is waited for', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    scene.market.lagMs = 62_500;
    await scene.until(65);
    scene.market.trade('BTC/USD', 101, 1, false);
    await scene.until(140);
    expect(scene.told).toEqual(['1: ', '2: B']);
    expect(scene.delays.at(-1)).toBeLessThan(10);
    expect(scene.corrections).toEqual([]);
  });

  it('that comes at once after the end of a bar may not be final, and is not taken for it', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings: { auditEveryMs: 60_000 } });
    await scene.until(65);
    scene.market.trade('BTC/USD', 101, 1, false);
    await scene.until(120.5);
    expect(scene.market.asked.at(-1)!.at - start).toBeGreaterThan(120_000);
    scene.market.set('BTC/USD', { ...scene.market.barOf('BTC/USD', start + minute)!, volume: 5 });
    await scene.until(130);
    expect(scene.taken.at(-1)!.bars[0]).toMatchObject({ volume: 5 });
    expect(scene.corrections).toEqual([]);
  });

  it('of many pages is put together from all of them', async () => {
    for (const traits of [
      { ...binanceTraits, pageBars: 20 },
      { ...coinbaseTraits, pageBars: 20 },
    ]) {
      const scene = await Scene.open({ traits, symbols: ['BTC/USD'], settings: { historyBars: 90 }, historyBars: 90 });
      await scene.until(5);
      expect(scene.feed.series[0]!.since(0).time).toHaveLength(90);
    }
  });

  it('with a bar that cannot be true counts up to that bar, which is asked for again', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'] });
    await scene.until(65);
    scene.market.trade('BTC/USD', 101, 1, false);
    const right = scene.market.barOf('BTC/USD', start + minute)!;
    scene.market.set('BTC/USD', { ...right, low: 500 });
    await scene.until(124);
    expect(scene.told).toEqual(['1: ']);
    expect(scene.feed.health().problems[0]).toContain('cannot be true');
    scene.market.set('BTC/USD', right);
    await scene.until(140);
    expect(scene.told).toEqual(['1: ', '2: B']);
    expect(scene.feed.health().problems).toEqual([]);
  });
});

describe('what a venue says of a bar later', () => {
  it('is recorded, and changes neither what was handed out nor what is stored', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings: { auditEveryMs: 90_000 } });
    await scene.trade('BTC/USD', 65, 125);
    const was = scene.market.barOf('BTC/USD', start + minute)!;
    const is = { ...was, close: 99, low: 99, volume: 4 };
    scene.market.set('BTC/USD', is);
    await scene.until(400);
    expect(scene.corrections).toMatchObject([{ kind: 'changed', symbol: 'BTC/USD', was, is }]);
    await scene.feed.close();
    open.pop();
    const store = CandleStore.open(scene.folder);
    const columns = store.load(
      { venue: 'kraken', symbol: 'BTC/USD', timeframe: '1m' },
      { from: start + minute, to: start + 2 * minute },
    );
    expect([...columns.close]).toEqual([was.close]);
    expect(store.corrections.list()).toMatchObject([{ venue: 'kraken', symbol: 'BTC/USD', timeframe: '1m', was, is }]);
    store.close();
  });

  it('is recorded when it is a bar that was not waited for', async () => {
    const scene = await Scene.open({ settings: { auditEveryMs: 60_000 } });
    await scene.until(5);
    scene.market.unanswered.add('ETH/USD');
    scene.market.breakStream();
    await scene.until(65);
    for (const symbol of scene.symbols) scene.market.trade(symbol, 101, 1, false);
    await scene.until(150);
    scene.market.unanswered.clear();
    await scene.until(500);
    expect(scene.corrections).toMatchObject([{ kind: 'late', symbol: 'ETH/USD', was: null, is: { time: start + minute } }]);
    expect(scene.taken.flatMap(({ bars }) => bars).filter(({ symbol }) => symbol === 'ETH/USD')).toEqual([]);
  });
});

describe('what a live feed keeps', () => {
  it('is in the store when it closes, bar for bar as it was handed out', async () => {
    const scene = await Scene.open();
    for (let second = 5; second < 600; second += 20) await scene.trade(second % 40 === 5 ? 'BTC/USD' : 'ETH/USD', second);
    await scene.until(700);
    await scene.feed.close();
    open.pop();
    const store = CandleStore.open(scene.folder);
    for (const symbol of scene.symbols) {
      const stored = store.load({ venue: 'kraken', symbol, timeframe: '1m' }, { from: start + minute, to: start + 12 * minute });
      const taken = scene.taken.flatMap(({ bars }) => bars).filter((bar) => bar.symbol === symbol && bar.time > start);
      expect([...stored.time]).toEqual(taken.map(({ time }) => time));
      expect([...stored.volume]).toEqual(taken.map(({ volume }) => volume));
    }
    store.close();
  });

  it('lets the next run go on behind the last instant that was taken, with what happened in between', async () => {
    const first = await Scene.open({ symbols: ['BTC/USD'] });
    await first.trade('BTC/USD', 65, 125, 185);
    await first.until(190);
    const until = first.taken.at(-1)!.time;
    await first.feed.close();
    open.pop();
    for (const second of [245, 305, 365]) {
      await first.until(second);
      first.market.trade('BTC/USD', 101, 1, false);
    }
    const second = new Scene({ symbols: ['BTC/USD'] }, first.folder, first.clock, first.market);
    await second.openFeed(until);
    await second.until(430);
    expect(second.told).toEqual(['4: B', '5: B', '6: B', '7: B']);
    expect(second.feed.timeOfInstant()).toBe(start + 6 * minute);
  });

  it('is asked for again after a kill, and what the engine had taken is not handed out twice', async () => {
    const first = await Scene.open({ symbols: ['BTC/USD'], settings: { storeEveryMs: 3_600_000 } });
    await first.trade('BTC/USD', 5, 65, 125, 185);
    await first.until(190);
    expect(first.told).toEqual(['1: B', '2: B', '3: B']);
    expect(first.feed.health().unstoredBars).toBe(63);
    const second = new Scene({ symbols: ['BTC/USD'] }, first.folder, first.clock, first.market);
    await second.openFeed(start + 2 * minute);
    await second.until(250);
    expect(second.told).toEqual(['3: B', '4: B']);
    const { time, volume } = second.feed.series[0]!.since(start);
    expect([...time]).toEqual([0, 1, 2, 3].map((index) => start + index * minute));
    expect([...volume]).toEqual([1, 1, 1, 1]);
  });

  it('leaves no bar out that the engine has not taken, however short the history that is asked for and nothing stored', async () => {
    const setup = { symbols: ['BTC/USD'], settings: { historyBars: 5, storeEveryMs: 7_200_000 } };
    const first = await Scene.open(setup);
    for (let second = 65; second < 1800; second += 60) await first.trade('BTC/USD', second);
    const second = new Scene(setup, newFolder(), first.clock, first.market);
    await second.openFeed(start + 3 * minute);
    await second.until(1810);
    expect(second.told).toEqual(Array.from({ length: 27 }, (_, index) => `${index + 4}: B`));
  });

  it('gives history from the store where memory has let go of it, without a seam', async () => {
    const scene = await Scene.open({
      symbols: ['BTC/USD'],
      settings: { keepBars: 10, historyBars: 200, storeEveryMs: 5_000 },
      historyBars: 300,
    });
    for (let second = 5; second < 1800; second += 30) await scene.trade('BTC/USD', second);
    await scene.until(1850);
    const [series] = scene.feed.series;
    const { columns } = series!.ledger;
    expect(columns.end - columns.first).toBeLessThan(15);
    const edge = columns.timeAt(columns.first);
    const all = series!.since(0);
    expect(all.time.length).toBe(200 + 30);
    expect([...all.time]).toEqual(Array.from({ length: 230 }, (_, index) => start + (index - 200) * minute));
    for (const from of [edge - minute, edge, edge + minute]) {
      const part = series!.since(from);
      const whole = [...all.time].findIndex((time) => time >= from);
      expect([...part.time]).toEqual([...all.time.slice(whole)]);
      expect([...part.close]).toEqual([...all.close.slice(whole)]);
    }
    expect(series!.oldest).toBe(start - 200 * minute);
  });

  it('stays in memory while the disk is full, and goes to it once there is room', async () => {
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings: { keepBars: 5, historyBars: 20, storeEveryMs: 5_000 } });
    const full = vi.spyOn(CandleStore.prototype, 'batch').mockImplementation(() => {
      throw new Error('database or disk is full');
    });
    for (let second = 5; second < 1800; second += 30) await scene.trade('BTC/USD', second);
    await scene.until(1850);
    const { unstoredBars, problems } = scene.feed.health();
    expect(unstoredBars).toBe(50);
    expect(problems[0]).toContain('disk is full');
    const all = scene.feed.series[0]!.since(0).time;
    expect([...all]).toEqual(Array.from({ length: 50 }, (_, index) => start + (index - 20) * minute));
    full.mockRestore();
    await scene.until(1900);
    expect(scene.feed.health()).toMatchObject({ unstoredBars: 0, problems: [] });
    expect([...scene.feed.series[0]!.since(0).time]).toEqual([...all]);
  });

  it('waits for an engine that takes nothing, whatever is forgotten otherwise', async () => {
    const settings = { keepBars: 5, historyBars: 20, storeEveryMs: 5_000 };
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings, isIdle: true });
    for (let second = 5; second < 1800; second += 30) await scene.trade('BTC/USD', second);
    await scene.until(1850);
    expect(scene.told).toEqual([]);
    scene.take();
    expect(scene.told).toEqual(Array.from({ length: 30 }, (_, index) => `${index + 1}: B`));
  });

  it('goes on behind what somebody else has stored meanwhile', async () => {
    const key = { venue: 'kraken', symbol: 'BTC/USD', timeframe: '1m' } as const;
    const scene = await Scene.open({ symbols: ['BTC/USD'], settings: { storeEveryMs: 200_000 } });
    for (let second = 5; second < 180; second += 30) await scene.trade('BTC/USD', second);
    await scene.until(185);
    const other = CandleStore.open(scene.folder);
    other.put(key, scene.feed.series[0]!.since(0), { isSimulated: false, source: 'fetched from kraken' });
    for (let second = 185; second < 600; second += 30) await scene.trade('BTC/USD', second);
    await scene.until(850);
    expect(scene.feed.health()).toMatchObject({ unstoredBars: 0, problems: [] });
    expect([...other.load(key).time]).toEqual(Array.from({ length: 70 }, (_, index) => start + (index - 60) * minute));
    other.close();
  });

  it('says so when the venue no longer has what lies between the stored bars and now', async () => {
    const first = await Scene.open({ symbols: ['BTC/USD'] });
    await first.feed.close();
    open.pop();
    await first.until(900 * 60);
    const second = new Scene({ symbols: ['BTC/USD'] }, first.folder, first.clock, first.market);
    await second.openFeed(null);
    expect(second.feed.health().notices[0]).toContain('kraken serves only its newest 720 candles: no bars of BTC/USD between');
  });
});
