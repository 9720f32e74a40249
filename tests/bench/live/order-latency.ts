import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LiveStrategy } from '#engine/backtest/live-strategy.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { sleep, systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import { artifactOf } from '#tests/engine/backtest/bench-market.ts';
import { Listening, machineMs, type Serving } from '#tests/simulate/rehearsal/messages.ts';
import { unlimited } from '#tests/simulate/rehearsal/unlimited.ts';

const exchangeProgram = fileURLToPath(new URL('../../simulate/rehearsal/exchange-process.ts', import.meta.url));
const SYMBOL = 'BTC/USD';
const BAR_MS = 150;

/** Enters on one bar and leaves on the next, so that every other bar brings an order. */
const SOURCE = `import { defineStrategy } from 'ratchet/contract';

/** Buys when flat and sells when not. */
export default defineStrategy({
  symbols: ['${SYMBOL}'],
  timeframe: '1m',
  parameters: {},
  warmupBars: () => 1,
  indicators: () => ({}),
  onBar(context) {
    if (context.position.isOpen) return context.exit('every other bar');
    return context.target(0.1, 'every other bar', { stopLoss: 0.05 });
  },
});
`;

/** Milliseconds from the moment a closed bar is there to the moment the exchange's process has its order, in rising order. */
export async function orderLatencies(count: number): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-latency-'));
  const exchange = fork(exchangeProgram, { execArgv: ['--import', 'tsx'] });
  const ask = (question: Serving | 'arrivals'): Promise<unknown> =>
    new Promise((resolve) => {
      exchange.once('message', resolve);
      exchange.send(question);
    });
  const log = createLog('silent');
  const { baseUrl, key, secret } = Listening.parse(await ask({ seed: 1, symbols: [SYMBOL], pace: null }));
  const venue = await openCcxtVenue({ exchange: 'kraken', keys: new VenueKeys(key, secret), log, baseUrl });
  const journal = OrderJournal.open(join(dir, 'journal.sqlite'), venue.account);
  const trader = await Trader.open({
    venue,
    journal,
    clock: systemClock,
    log,
    policy: () => unlimited,
    random: new RandomStream(1, 'trader'),
    onTrouble: () => undefined,
  });
  const account = trader.account({ strategy: 'bench', stage: 'live', symbols: [SYMBOL], barMs: BAR_MS, capital: 50_000 });
  const live = await LiveStrategy.start(await artifactOf(SOURCE), { parameters: {}, state: null, history: new Map() });
  try {
    await trader.start();
    const handed = new Map<number, number>();
    while (handed.size < 2 * count) {
      await sleep(systemClock, BAR_MS);
      const quote = (await venue.quotes([SYMBOL])).get(SYMBOL)!;
      const close = Number(quote.last);
      const time = Date.now() - BAR_MS;
      const bars = [{ symbol: SYMBOL, time, open: close, high: close, low: close, close, volume: 1 }];
      handed.set(time + BAR_MS, machineMs());
      account.onBars(bars);
      account.submit(await live.decide({ bars, positions: account.positions() }));
    }
    await sleep(systemClock, 1_000);
    const arrivals = (await ask('arrivals')) as Record<string, number>;
    return journal
      .orders()
      .filter(({ role, clientOrderId }) => role === 'entry' && arrivals[clientOrderId] !== undefined)
      .map(({ instant, clientOrderId }) => arrivals[clientOrderId]! - handed.get(instant)!)
      .sort((one, other) => one - other);
  } finally {
    await live.close();
    await trader.stop();
    await venue.close();
    journal.close();
    exchange.disconnect();
    rmSync(dir, { recursive: true, force: true });
  }
}
