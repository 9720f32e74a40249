import { systemClock } from '#engine/clock.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { type Listening, machineMs, type Serving } from './messages.ts';

/*
 * An exchange that speaks Kraken's dialect on a loopback port, until its parent goes away. Asked for its books, it sends them; asked for
 * arrivals, when each order had come in, by the clock that all processes of a machine share.
 */

process.once('message', (serving: Serving) => {
  void serve(serving);
});

async function serve({ seed, symbols, pace }: Serving): Promise<void> {
  const rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed, symbols, timeframe: '1m' },
    balances: { USD: '100000' },
    ...(pace === null ? {} : { clock: pacedClock(systemClock, pace.factor, pace.since) }),
  });
  const { key, baseUrl, exchange } = rehearsal;
  const arrivals: Record<string, number> = {};
  exchange.on((event) => {
    const { clientOrderId } = event.order;
    if (event.kind === 'order' && event.change === 'accepted' && clientOrderId !== null) arrivals[clientOrderId] = machineMs();
  });
  process.on('message', (question) => {
    if (question === 'arrivals') {
      process.send!(arrivals);
      return;
    }
    const books = { orders: exchange.orders(key.account), fills: exchange.fills(key.account), lines: exchange.books() };
    process.send!(JSON.parse(JSON.stringify(books)));
  });
  process.once('disconnect', () => void rehearsal.close().then(() => process.exit()));
  const where: Listening = { baseUrl, key: key.key, secret: key.secret };
  process.send!(where);
}
