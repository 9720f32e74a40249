import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { type Listening, machineMs } from './messages.ts';

/*
 * An exchange that speaks Kraken's dialect on a loopback port, until its parent goes away. Asked for its books, it sends them; asked for
 * arrivals, when each order had come in, by the clock that all processes of a machine share.
 */

const SYMBOLS = ['BTC/USD', 'ETH/USD'];

process.once('message', (seed: number) => {
  void serve(seed);
});

async function serve(seed: number): Promise<void> {
  const rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed, symbols: SYMBOLS, timeframe: '1m' },
    balances: { USD: '100000' },
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
