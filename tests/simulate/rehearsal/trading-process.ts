import { RandomStream } from '#engine/candles/random-stream.ts';
import { sleep, systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import type { Venue } from '#engine/venues/venue.ts';
import { Dice } from '../dice.ts';
import { decide, type Temper } from '../random-strategist.ts';
import type { TradingOrder } from './messages.ts';
import { unlimited } from './unlimited.ts';

/* Trades at random, as fast as it can, on a real exchange connection and a real file, until it is killed. */

const BAR_MS = 250;
const temper: Temper = { restlessness: 0.9, limitShare: 0.5, careShare: 1, weightMost: 0.2 };
process.once('message', (order: TradingOrder) => {
  void live(order);
});
process.once('disconnect', () => process.exit());

async function live({ where, journalFile, seed, symbols, isLast }: TradingOrder): Promise<void> {
  const log = createLog('silent');
  const venue = await openCcxtVenue({
    exchange: 'kraken',
    keys: new VenueKeys(where.key, where.secret),
    log,
    baseUrl: where.baseUrl,
    timeoutMs: 2_000,
  });
  const trader = await Trader.open({
    venue,
    journal: OrderJournal.open(journalFile, venue.account),
    clock: systemClock,
    log,
    policy: () => unlimited,
    random: new RandomStream(seed, 'trader'),
    onTrouble: () => undefined,
  });
  const account = trader.account({ strategy: 'random', stage: 'live', symbols, barMs: BAR_MS, capital: 50_000 });
  await trader.start();
  process.send!('ready');
  if (isLast) {
    trader.flatten('the rehearsal ends');
    while (!isClosed(trader)) await sleep(systemClock, 100);
    await trader.stop();
    await venue.close();
    process.send!('closed', () => process.exit());
    return;
  }
  const dice = new Dice(seed, 'mind');
  for (;;) {
    await sleep(systemClock, dice.between(20, BAR_MS));
    const bars = await barsOf(venue, symbols);
    account.onBars(bars);
    const positions = account.positions();
    account.submit(
      bars.map((bar) =>
        decide(
          dice,
          temper,
          bar,
          positions.find(({ symbol }) => symbol === bar.symbol),
        ),
      ),
    );
  }
}

/** What the market says now, as if a bar had just closed. */
async function barsOf(venue: Venue, symbols: readonly string[]): Promise<ClosedBar[]> {
  const quotes = await venue.quotes(symbols).catch(() => new Map());
  const time = Date.now() - BAR_MS;
  return symbols.flatMap((symbol) => {
    const quote = quotes.get(symbol);
    if (quote === undefined) return [];
    const close = Number(quote.last);
    return [{ symbol, time, open: close, high: close, low: close, close, volume: 1 }];
  });
}

function isClosed(trader: Trader): boolean {
  const { unknown, openOrders, halt } = trader.health();
  return unknown.length === 0 && openOrders === 0 && halt.mode !== 'flattening';
}
