import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { type Rehearsal, type RehearsalOptions, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { HandClock } from './hand-clock.ts';
import { bars, hour, start } from './small-market.ts';

const day = 24 * hour;
const opened: Rehearsal[] = [];
afterEach(async () => {
  for (const rehearsal of opened.splice(0)) await rehearsal.close();
});

async function open(options: Partial<RehearsalOptions> & { clock: HandClock }): Promise<Rehearsal> {
  const rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed: 7, symbols: ['BTC/USD', 'ADA/USD'], timeframe: '1h' },
    balances: { USD: '10000' },
    ...options,
  });
  opened.push(rehearsal);
  return rehearsal;
}

async function served(rehearsal: Rehearsal, path: string): Promise<{ error: string[]; result: Record<string, unknown[][]> }> {
  return (await (await fetch(rehearsal.baseUrl + path)).json()) as { error: string[]; result: Record<string, unknown[][]> };
}

describe('a rehearsal', () => {
  it('of the simulated market has a past to warm up with, and goes on for longer than it was drawn', async () => {
    const clock = new HandClock(start + 1_000);
    const { exchange } = await open({ clock });
    const path = exchange.path('BTC/USD');
    expect((start - path.columns.time[0]!) / hour).toBeGreaterThanOrEqual(720);
    const drawn = path.end;
    for (let days = 0; days < 60; days += 1) clock.turn(day);
    expect(clock.now()).toBeGreaterThan(drawn);
    expect(path.end).toBeGreaterThan(clock.now());
    const gaps = path.columns.time.findIndex((time, index) => index > 0 && time - path.columns.time[index - 1]! !== hour);
    expect(gaps).toBe(-1);
  });

  it('gives every market ticks and steps that suit its price', async () => {
    const { exchange } = await open({ clock: new HandClock(start) });
    for (const market of exchange.markets()) {
      const { last } = exchange.quote(market.symbol);
      expect(Number(market.tickSize.div(last)), market.symbol).toBeLessThan(1e-4);
      expect(Number(market.minQuantity.times(last)), market.symbol).toBeLessThan(10);
    }
  });

  it('of candles that were moves them to now, most behind and some ahead', async () => {
    const then = Date.UTC(2020, 0, 1);
    const candles = bars(
      Array.from({ length: 30 }, (_, index) => [100 + index, 101 + index, 99 + index, 100 + index]),
      then,
    );
    const clock = new HandClock(start + 5_000);
    const { exchange } = await open({ clock, prices: { candles: new Map([['BTC/USD', candles]]), timeframe: '1h' } });
    expect(exchange.path('BTC/USD').columns.time[20]).toBe(start);
    expect(exchange.path('BTC/USD').end).toBe(start + 10 * hour);
    expect(candles.time[0]).toBe(then);
  });

  it('without candles is none', async () => {
    const prices = { candles: new Map(), timeframe: '1h' } as const;
    await expect(open({ clock: new HandClock(start), prices })).rejects.toMatchObject({ code: 'rehearsal/no-candles' });
  });

  it('takes no fees that its dialect has no words for', async () => {
    const clock = new HandClock(start);
    const third = { asset: 'BNB', share: 0.75, priceInQuote: 500 };
    const refused = { code: 'rehearsal/untellable-fees' };
    await expect(open({ clock, fees: 'received' })).rejects.toMatchObject(refused);
    await expect(open({ clock, dialect: 'binance', fees: third })).rejects.toMatchObject(refused);
    await expect(open({ clock, dialect: 'binance', fees: { ...third, share: 1 } })).resolves.toBeDefined();
  });

  it('at a port that is taken does not begin', async () => {
    const { baseUrl } = await open({ clock: new HandClock(start) });
    const port = Number(new URL(baseUrl).port);
    await expect(open({ clock: new HandClock(start), port })).rejects.toMatchObject({
      code: 'rehearsal/no-port',
      details: { port },
    });
  });

  it('serves, to whoever asks on this machine, the newest 720 candles, the last unfinished', async () => {
    const rehearsal = await open({ clock: new HandClock(start + hour / 2) });
    const { error, result } = await served(rehearsal, '/0/public/OHLC?pair=XXBTZUSD&interval=60');
    expect(error).toEqual([]);
    expect(result.XXBTZUSD).toHaveLength(720);
    expect(result.XXBTZUSD!.at(-1)![0]).toBe(start / 1000);
    expect(new URL(rehearsal.baseUrl).hostname).toBe('127.0.0.1');
  });

  it('can be told to fail by chance from the start', async () => {
    const rehearsal = await open({ clock: new HandClock(start), faults: { seed: 1, rate: 1, kinds: ['rate-limit'] } });
    expect((await served(rehearsal, '/0/public/Time')).error).toEqual(['EAPI:Rate limit exceeded']);
  });

  it('takes what is said of its markets', async () => {
    const { exchange } = await open({ clock: new HandClock(start), markets: { 'BTC/USD': { minNotional: new Big(100) } } });
    expect(exchange.markets().map((market) => market.minNotional.toFixed())).toEqual(['100', '5']);
  });
});

describe('a paced clock', () => {
  it('runs so many times faster, and wakes so many times earlier', () => {
    const hand = new HandClock(start);
    const clock = pacedClock(hand, 60);
    let wokenAt: number | null = null;
    clock.after(hour, () => {
      wokenAt = clock.now();
    });
    hand.turn(59_999);
    expect(wokenAt).toBeNull();
    hand.turn(1);
    expect(wokenAt).toBe(start + hour);
  });
});
