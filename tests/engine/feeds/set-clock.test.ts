import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import type { MarketDataTraits } from '#engine/feeds/market-data.ts';
import { createLog } from '#engine/log.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { binanceTraits, coinbaseTraits, krakenTraits, ScriptedMarket } from './scripted-market.ts';
import { settable } from './settable-clock.ts';

const minute = 60_000;
const minutes = 20;
const start = Date.UTC(2026, 10, 26, 12, 0);
const symbols = ['BTC/USD', 'ETH/USD'];
const scarce = (traits: MarketDataTraits): MarketDataTraits => ({ ...traits, budget: { capacity: 5, perSecond: 5 } });

interface Taken {
  readonly bar: ClosedBar;
  readonly lateMs: number;
}

async function opened(traits: MarketDataTraits) {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-set-clock-'));
  const world = new VirtualClock(start);
  const { clock, setBy } = settable(world);
  const market = new ScriptedMarket({ clock: world, traits });
  for (const symbol of symbols) market.addHistory(symbol, 100);
  let feed: LiveFeed | null = null;
  void LiveFeed.open({
    ...{ data: market, symbols, timeframe: '1m', store: CandleStore.open(folder), clock, takenUntil: null },
    random: new RandomStream(1, 'feed'),
    log: createLog('silent'),
    settings: { historyBars: 60, keepBars: 50 },
  }).then((opened) => {
    feed = opened;
  });
  while (feed === null) await world.step(start + minute);
  const live: LiveFeed = feed;
  const close = async () => {
    await live.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { world, setBy, market, feed: live, close };
}

/** Of a feed whose clock is set after five minutes and `atMs`, and back after `forMs`: every bar it hands out. */
async function barsOf(traits: MarketDataTraits, { byMs, atMs, forMs }: { byMs: number; atMs: number; forMs: number }) {
  const { world, setBy, market, feed, close } = await opened(traits);
  const taken: Taken[] = [];
  const take = () => {
    for (let instant = feed.next(); instant !== null; instant = feed.next()) {
      const lateMs = world.now() - instant.time;
      taken.push(...instant.bars.filter(({ time }) => time >= start).map((bar) => ({ bar, lateMs })));
    }
  };
  feed.onNews(take);
  take();
  world.after(5 * minute + atMs, () => setBy(byMs));
  if (forMs < Number.POSITIVE_INFINITY) world.after(5 * minute + atMs + forMs, () => setBy(-byMs));
  for (let at = 0; at < minutes; at += 1) {
    // A quiet market has no trade in the first half of a minute, and in every third none at all.
    world.after(at * minute + 10_000, () => market.trade('BTC/USD', 100 + at));
    world.after(at * minute + 45_000, () => market.trade('BTC/USD', 200 + at));
    if (at % 3 > 0) world.after(at * minute + 40_000, () => market.trade('ETH/USD', 10 + at));
  }
  while (await world.step(start + minutes * minute + 30_000));
  const truth = symbols.flatMap((symbol) =>
    Array.from({ length: minutes }, (_, at) => market.barOf(symbol, start + at * minute)).flatMap((bar) =>
      bar === undefined ? [] : [{ symbol, ...bar }],
    ),
  );
  await close();
  const order = (a: ClosedBar, b: ClosedBar) => a.symbol.localeCompare(b.symbol) || a.time - b.time;
  return {
    bars: taken.map(({ bar }) => bar).sort(order),
    truth: truth.sort(order),
    latestMs: Math.max(...taken.map(({ lateMs }) => lateMs)),
  };
}

const venues = [
  ['kraken', krakenTraits],
  ['binance', binanceTraits],
  ['coinbase', scarce(coinbaseTraits)],
  ['a venue that only answers', { ...krakenTraits, canWatch: false }],
] as const;
const settings = [
  ['half an hour back for good', { byMs: -30 * minute, atMs: 0, forMs: Number.POSITIVE_INFINITY }],
  ['half an hour back for a while', { byMs: -30 * minute, atMs: 20_000, forMs: 200_000 }],
  ['half an hour ahead for a while', { byMs: 30 * minute, atMs: 0, forMs: 90_000 }],
  ['a minute and a half ahead, just before a bar is asked for', { byMs: 90_000, atMs: 1_500, forMs: 300_000 }],
  ['a minute ahead for good, while the answer is under way', { byMs: 60_000, atMs: 2_020, forMs: Number.POSITIVE_INFINITY }],
  // Every two minutes bars are compared with what the venue says of them now, and others are settled with them.
  ['half an hour ahead, just before bars are compared', { byMs: 30 * minute, atMs: 59_500, forMs: 90_000 }],
  ['a minute ahead, just before bars are compared', { byMs: 60_000, atMs: 59_500, forMs: 90_000 }],
  ['two days ahead, just before bars are compared', { byMs: 2 * 1_440 * minute, atMs: 59_500, forMs: 90_000 }],
  ['two days ahead for a while', { byMs: 2 * 1_440 * minute, atMs: 30_000, forMs: 100_000 }],
] as const;

it.each(venues.flatMap(([venue, traits]) => settings.map(([how, setting]) => [venue, how, traits, setting] as const)))(
  '%s: a clock that is set %s costs no bar, tells none before its end, and makes none late',
  async (_venue, _how, traits, setting) => {
    const { bars, truth, latestMs } = await barsOf(traits, setting);
    expect(bars).toEqual(truth);
    expect(latestMs).toBeLessThan(20_000);
  },
);

it('a clock that is set back hides no stream that has fallen silent', async () => {
  const { world, setBy, market, feed, close } = await opened(krakenTraits);
  for (let at = 0; at < 5 * 60; at += 1) world.after(at * 1_000, () => market.trade('BTC/USD', 100 + at));
  while (await world.step(start + 5 * minute));
  expect(feed.health()).toMatchObject({ stream: 'connected', reconnects: 0 });
  setBy(-30 * minute);
  market.isMute = true;
  while (await world.step(start + 7 * minute));
  expect(feed.health().reconnects).toBeGreaterThan(0);
  await close();
});
