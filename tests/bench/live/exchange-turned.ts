import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import type { Listening } from '#tests/simulate/rehearsal/messages.ts';
import { VirtualClock } from '#tests/simulate/virtual-clock.ts';
import type { ExchangeTally, Opening, Turned, Turning } from './venue-week-messages.ts';

/* The rehearsal exchange in a process of its own, whose time its parent turns. Ends with its parent. */

/** Streams speak so often: a bar's end is told half a second after it, when the first word fell half a second into a minute. */
const pulseMs = 15_000;
/** Low enough that a week of trades for their own sake leaves money to trade with. */
const feeRates = { makerFeeRate: 0.0001, takerFeeRate: 0.0001 };

process.once('message', (opening: Opening) => {
  void serve(opening);
});

async function serve({ now, symbols }: Opening): Promise<void> {
  const clock = new VirtualClock(now);
  const rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed: 11, symbols, timeframe: '1m' },
    balances: { USD: '100000' },
    markets: Object.fromEntries(symbols.map((symbol) => [symbol, feeRates])),
    clock,
    pulseMs,
  });
  const { key, baseUrl, exchange } = rehearsal;
  process.on('message', (question: Turning | 'books') => {
    if (question === 'books') process.send!(tally());
    else void turn(question);
  });
  process.once('disconnect', () => void rehearsal.close().then(() => process.exit()));
  const where: Listening = { baseUrl, key: key.key, secret: key.secret };
  process.send!(where);

  async function turn({ until }: Turning): Promise<void> {
    await clock.step(until);
    const turned: Turned = { now: clock.now() };
    process.send!(turned);
  }

  function tally(): ExchangeTally {
    const [orders, fills] = [exchange.orders(key.account).length, exchange.fills(key.account).length];
    return { orders, fills, isMoneyConserved: exchange.books().every(({ difference }) => difference.eq(0)) };
  }
}
