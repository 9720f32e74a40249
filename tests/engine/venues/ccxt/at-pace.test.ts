import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Big } from 'big.js';
import { expect, it, vi } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { sleep, systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { bars, start } from '#tests/engine/venues/rehearsal/small-market.ts';
import { itLong } from '#tests/support/long.ts';

const second = 1_000;
const barMs = 5 * second;
const bases = ['BTC', 'ETH', 'SOL', 'ADA', 'XRP', 'LTC', 'DOT', 'LINK', 'AVAX', 'ATOM', 'UNI', 'AAVE', 'ALGO', 'FIL', 'NEAR'];
const figures = {
  tickSize: new Big('0.1'),
  stepSize: new Big('0.0001'),
  minQuantity: new Big('0.0005'),
  minNotional: new Big(5),
  book: { halfSpreadRate: 0, levels: 10, spacingRate: 0, levelNotional: 20_000, refillMs: second },
};
const limits = {
  ...tradingLimits({ stages: {} }, 'live', false),
  turnover: { ratio: 100, windowMs: 3_600 * second },
  orderRate: { orders: 1_000, windowMs: 60 * second },
};

interface Course {
  /** Of all purchases, and of the end of a flatten, after they were asked for. Milliseconds. */
  readonly protectedAfter: number;
  readonly flatAfter: number;
  /** Markets of which a person was told. */
  readonly frozen: number;
}

/** So many markets of Kraken are bought at one bar and then all sold, in real time, at the pace that Kraken demands. */
async function course(count: number, quietMs: number): Promise<Course> {
  const symbols = bases.slice(0, count).map((base) => `${base}/USD`);
  const candles = bars(
    Array.from({ length: 60 }, () => [1000, 1000, 1000, 1000] as const),
    start,
  );
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-pace-'));
  const rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { candles: new Map(symbols.map((symbol) => [symbol, candles])), timeframe: '1h' },
    balances: { USD: '100000' },
    markets: Object.fromEntries(symbols.map((symbol) => [symbol, figures])),
  });
  const log = createLog('silent');
  const keys = new VenueKeys(rehearsal.key.key, rehearsal.key.secret);
  const venue = await openCcxtVenue({ exchange: 'kraken', keys, log, baseUrl: rehearsal.baseUrl, isPaced: true });
  const journal = OrderJournal.open(join(dir, 'journal.sqlite'), venue.account);
  const trader = await Trader.open({
    ...{ venue, journal, clock: systemClock, log, policy: () => limits, onTrouble: () => undefined },
    random: new RandomStream(1, 'trader'),
  });
  const account = trader.account({ strategy: 's', stage: 'live', symbols, barMs, capital: 90_000 });
  const takes = async (isDone: () => boolean, atMost: number): Promise<number> => {
    const began = Date.now();
    await vi.waitFor(() => expect(isDone()).toBe(true), { timeout: atMost, interval: 20 });
    return Date.now() - began;
  };
  try {
    await trader.start();
    await sleep(systemClock, quietMs);
    const close = Math.ceil(Date.now() / barMs) * barMs;
    await sleep(systemClock, close - Date.now() + 1);
    const still = { open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 };
    account.onBars(symbols.map((symbol) => ({ symbol, time: close - barMs, ...still })));
    const order = { reason: 'because', action: 'target', weight: 0.9 / count, stopLoss: 0.1 } as const;
    account.submit(symbols.map((symbol) => ({ symbol, ...order })));
    const stops = () => rehearsal.exchange.openOrders('rehearsal').filter(({ kind }) => kind === 'stop').length;
    const protectedAfter = await takes(() => stops() === count, 200 * second);
    trader.flatten('enough');
    const isFlat = () =>
      [...rehearsal.exchange.balances('rehearsal')].every(([asset, { total }]) => asset === 'USD' || total.eq(0));
    const flatAfter = await takes(isFlat, 200 * second);
    return { protectedAfter, flatAfter, frozen: trader.health().frozen.length };
  } finally {
    await trader.stop();
    await venue.close();
    await rehearsal.close();
    rmSync(dir, { recursive: true });
  }
}

it('three markets that are bought at one bar are protected at once, and sold at once, at the pace that Kraken demands', async () => {
  const { protectedAfter, flatAfter, frozen } = await course(3, 0);
  if (process.env.SHOW) console.log(3, protectedAfter, flatAfter, frozen);
  expect(protectedAfter).toBeLessThan(10 * second);
  expect(flatAfter).toBeLessThan(20 * second);
  expect(frozen).toBe(0);
});

itLong.each([9, 15])(
  '%i markets are protected within seconds, and sold within a minute',
  { timeout: 600 * second },
  async (count) => {
    const { protectedAfter, flatAfter, frozen } = await course(count, 30 * second);
    if (process.env.SHOW) console.log(count, protectedAfter, flatAfter, frozen);
    expect(protectedAfter).toBeLessThan(20 * second);
    expect(flatAfter).toBeLessThan(60 * second);
    expect(frozen).toBe(0);
  },
);
