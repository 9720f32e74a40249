import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { verifyJournal } from '#engine/trading/verify-journal.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { market } from '#tests/engine/venues/rehearsal/small-market.ts';
import { bars, entry, hour, Scene, start, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const [btc, eth] = ['BTC/USD', 'ETH/USD'];
const candles = bars(Array.from({ length: 24 }, () => still(1000)));
const reconcileMs = 180_000;
const noMarket = new VenueError('invalid-order', 'refused', 'There is no such market.', '');

/** An account that trades two markets. */
beforeEach(async () => {
  const markets = [market(candles), market(candles, { symbol: eth, base: 'ETH' })];
  scene = new Scene({ candles, exchange: { markets }, timings: { pollMs: 30_000 } });
  await scene.live(500, null, [btc, eth]);
  await closeBar(0, [btc, eth]);
});

/** The exchange names the market no longer, and takes nothing in it. @returns what makes it come back */
function remove(symbol: string): () => void {
  const { exchange } = scene;
  const { markets, place, quote } = exchange;
  exchange.markets = () => markets.call(exchange).filter((each) => each.symbol !== symbol);
  exchange.place = (account, request) => {
    if (request.symbol === symbol) throw noMarket;
    return place.call(exchange, account, request);
  };
  exchange.quote = (of) => {
    if (of === symbol) throw noMarket;
    return quote.call(exchange, of);
  };
  return () => Object.assign(exchange, { markets, place, quote });
}

/** Goes to the end of the hour, and tells of what traded in it. */
async function closeBar(index: number, symbols: readonly string[], price = 1000): Promise<void> {
  await scene.pass(start + (index + 1) * hour - scene.world.now());
  const bar = { time: start + index * hour, open: price, high: price, low: price, close: price, volume: 100 };
  scene.account.onBars(symbols.map((symbol) => ({ symbol, ...bar })));
}

async function submit(...decisions: Omit<DecisionRecord, 'reason'>[]): Promise<void> {
  scene.account.submit(decisions.map((decision) => ({ reason: 'because', ...decision })));
  await scene.pass(2_000);
}

/** Until the venue has been asked once more which markets it has. */
async function nextLook(): Promise<void> {
  const asked = () => scene.link.calls.filter(({ name }) => name === 'markets').length;
  for (const before = asked(); asked() === before; ) await scene.pass(1_000);
}

const small = { ...entry, weight: 0.3 } as const;
const held = () => scene.account.positions().map(({ symbol, quantity }) => `${symbol} ${quantity}`);
const storyOf = (symbol: string) => scene.orders().flatMap((row) => (row.symbol === symbol ? `${row.role} ${row.state}` : []));
const frozen = () => scene.trader.health().frozen.map(({ code, message }) => `${code}: ${message}`);

describe('a market that the venue names no more', () => {
  it('takes nothing from the others after a restart: what is held there is protected, and sold', async () => {
    await submit({ symbol: btc, ...small }, { symbol: eth, ...small });
    await submit({ symbol: eth, action: 'exit' });
    await closeBar(1, [btc, eth]);
    await submit({ symbol: eth, action: 'exit' });
    expect(held()).toEqual(['BTC/USD 3', 'ETH/USD 0']);
    remove(eth);
    await scene.live(500, null, [btc]);
    expect(scene.trader.health()).toMatchObject({ isReady: true, failure: null, unprotected: [] });
    await closeBar(2, [btc]);
    await submit({ symbol: btc, action: 'exit' });
    expect(storyOf(btc).at(-1)).toBe('exit filled');
    scene.trader.flatten('out');
    await scene.pass(reconcileMs);
    expect(scene.trader.health().halt.mode).not.toBe('flattening');
    expect(frozen()).toEqual([]);
  });

  it('denies entries as inactive until it is named again', async () => {
    const bring = remove(eth);
    await scene.pass(reconcileMs);
    await closeBar(1, [btc, eth]);
    await submit({ symbol: btc, ...small }, { symbol: eth, ...small });
    expect(held()).toEqual(['BTC/USD 3', 'ETH/USD 0']);
    expect(scene.account.takeRecord().denials).toMatchObject([{ symbol: eth, code: 'market-inactive' }]);
    bring();
    await scene.pass(reconcileMs);
    await closeBar(2, [btc, eth]);
    await submit({ symbol: eth, ...small });
    expect(storyOf(eth)).toEqual(['entry filled', 'protection open']);
    expect(frozen()).toEqual([]);
  });

  it('is told once it is missing twice, where something of it is held, and is sent nothing', async () => {
    await submit({ symbol: eth, ...small });
    const bring = remove(eth);
    await nextLook();
    expect(frozen()).toEqual([]);
    await scene.pass(6_000);
    const sentence = 'rehearsal names no market ETH/USD any more: 3 of it held by s can be neither sold nor protected there.';
    expect(frozen()).toContain(`no-market: ${sentence}`);
    expect(scene.troubles).toContainEqual({ kind: 'frozen', symbol: eth, message: sentence });
    expect(verifyJournal(scene.journal, scene.world.now())).toContain(`ETH/USD is frozen (no-market): ${sentence}`);
    const before = storyOf(eth);
    await closeBar(1, [btc]);
    await submit({ symbol: eth, action: 'exit' }, { symbol: btc, ...small });
    await scene.pass(hour / 2);
    expect(storyOf(eth)).toEqual(before);
    expect(storyOf(btc)).toEqual(['entry filled', 'protection open']);
    bring();
    await scene.pass(reconcileMs);
    expect(storyOf(eth).at(-1)).toBe('exit filled');
  });

  it('freezes nothing when it is missing from one answer only', async () => {
    await submit({ symbol: eth, ...small });
    const bring = remove(eth);
    await nextLook();
    bring();
    await scene.pass(2 * reconcileMs);
    expect(frozen()).toEqual([]);
    expect(scene.exchange.openOrders('me').map(({ symbol }) => symbol)).toEqual([eth]);
  });

  it('is over once a person has taken out what was held of it and has said so, after a restart too', async () => {
    await submit({ symbol: eth, ...small });
    remove(eth);
    await scene.live(500, null, [btc, eth]);
    await scene.pass(2 * reconcileMs);
    expect(frozen().map((line) => line.slice(0, line.indexOf(':')))).toEqual(['no-market', 'vanished-order']);
    for (const { number } of scene.exchange.openOrders('me')) scene.exchange.cancel('me', number);
    scene.exchange.deposit('me', 'ETH', scene.exchange.balances('me').get('ETH')!.total.times(-1));
    await scene.pass(2 * reconcileMs);
    let answer: string | null | undefined;
    void scene.trader.resolve(eth, 'taken to another exchange').then((refusal) => {
      answer = refusal;
    });
    await scene.pass(60_000);
    expect(answer).toBeNull();
    await scene.pass(2 * reconcileMs);
    expect(held()).toEqual(['BTC/USD 0', 'ETH/USD 0']);
    expect(frozen()).toEqual([]);
    expect(scene.trader.health()).toMatchObject({ openOrders: 0, openPositions: 0 });
  });
});

describe('what is held and has no price', () => {
  it('counts with the last one known, which is told, and keeps no other loss from halting the account', async () => {
    await submit({ symbol: btc, ...small, weight: 0.5, stopLoss: 0.6 }, { symbol: eth, ...small });
    await closeBar(1, [btc, eth], 990);
    await submit();
    remove(eth);
    await scene.live(500, null, [btc, eth]);
    const of = { strategy: 's', symbol: eth, quantity: '3' };
    expect(scene.trader.health().unpriced).toEqual([{ ...of, price: 990 }]);
    await closeBar(2, [btc]);
    await submit();
    expect(scene.account.equity()).toBeCloseTo(10_000 - 3 * 10, -2);
    expect(scene.trader.health().halt.mode).toBe('active');
    await closeBar(3, [btc], 800);
    await submit();
    expect(scene.trader.health().halt).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
  });

  it('counts with what it was bought at when no bar has closed since', async () => {
    await submit({ symbol: eth, ...small });
    remove(eth);
    await scene.live(500, null, [btc, eth]);
    const [unpriced] = scene.trader.health().unpriced;
    expect(unpriced?.price).toBeCloseTo(1000, -1);
    expect(scene.account.equity()).toBeCloseTo(10_000, -2);
    await closeBar(1, [btc]);
    await submit({ symbol: btc, ...small });
    expect(storyOf(btc)[0]).toBe('entry filled');
  });

  it('is no reason to hold back the rest at a start, also when there are no prices at all', async () => {
    await submit({ symbol: btc, ...small });
    await scene.live(0, null, [btc, eth]);
    const { link } = scene;
    const { call } = link;
    link.call = async (name, work) => {
      if (name === 'quotes') throw noMarket;
      return call.call(link, name, work) as never;
    };
    await scene.pass(1_000);
    expect(scene.trader.health().isReady).toBe(true);
    scene.trader.flatten('out');
    await scene.pass(10_000);
    expect(scene.balance('BTC')).toBe('0');
  });
});
