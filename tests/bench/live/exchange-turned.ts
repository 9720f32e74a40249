import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { type Listening, machineMs } from '#tests/simulate/rehearsal/messages.ts';
import { VirtualClock } from '#tests/simulate/virtual-clock.ts';
import type { ExchangeTally, Opening, Turned, Turning } from './venue-week-messages.ts';

/* The rehearsal exchange in a process of its own, whose time its parent turns. Ends with its parent. */

/** Streams speak at whole multiples of it, so at each bar's end. */
const pulseMs = 15_000;
const minuteMs = 60_000;
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
  /** The last word of the streams, by the exchange's clock and by the machine's, and how long the first order or cancellation took that it brought: a sale begins with its stop. */
  let word = { time: 0, at: 0, isAnswered: true };
  const answers: number[] = [];
  exchange.on((event) => {
    const isHeard =
      event.kind === 'order' && (event.change === 'accepted' || (event.change === 'ended' && event.order.endReason === 'asked'));
    if (!isHeard || word.isAnswered || word.time !== clock.now()) return;
    word.isAnswered = true;
    answers.push(machineMs() - word.at);
  });
  process.on('message', (question: Turning | 'books') => {
    if (question === 'books') process.send!(tally());
    else void turn(question);
  });
  process.once('disconnect', () => void rehearsal.close().then(() => process.exit()));
  const where: Listening = { baseUrl, key: key.key, secret: key.secret };
  process.send!(where);

  async function turn({ until }: Turning): Promise<void> {
    const at = machineMs();
    await clock.step(until);
    const now = clock.now();
    if (now % minuteMs === 0 && now > word.time) word = { time: now, at, isAnswered: false };
    const turned: Turned = { now, next: clock.next };
    process.send!(turned);
  }

  function tally(): ExchangeTally {
    const [orders, fills] = [exchange.orders(key.account).length, exchange.fills(key.account).length];
    answers.sort((one, other) => one - other);
    return { orders, fills, answers, isMoneyConserved: exchange.books().every(({ difference }) => difference.eq(0)) };
  }
}
