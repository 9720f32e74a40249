// A writer for the kill test: puts and appends for ever, each round with its own price, until it is killed.
import { CandleStore } from '#engine/candles/candle-store.ts';
import { sampleColumns, startMs } from './candle-samples.ts';

const [directory, firstPrice] = process.argv.slice(2);
const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' } as const;
const store = CandleStore.open(directory!);
for (let price = Number(firstPrice); ; price += 100) {
  store.put(key, sampleColumns('1m', 3_000, startMs, price), { isSimulated: false, source: String(price) });
  for (let part = 0; part < 3; part += 1) {
    store.append(key, sampleColumns('1m', 500, startMs + (3_000 + part * 500) * 60_000, price));
  }
  process.stdout.write(`${price}\n`);
}
