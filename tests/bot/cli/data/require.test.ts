import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { requireDataset } from '#bot/cli/data/require.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { datasetOfSeries } from '#engine/candles/select-dataset.ts';
import type { Dataset } from '#engine/candles/types.ts';
import { smallMarket } from '#tests/bot/orchestrator/small-market.ts';
import { sampleColumns, startMs, temporaryFolder } from '#tests/engine/candles/candle-samples.ts';
import { binanceDialect } from '#tests/engine/candles/exchange/binance-dialect.ts';
import { CandleExchange } from '#tests/engine/candles/exchange/candle-exchange.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const hourMs = 3_600_000;
const KEY = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' } as const;
const columns = sampleColumns('1h', 48);

let exchange: CandleExchange;
let dataset: Dataset;
let store: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  exchange = await CandleExchange.start(binanceDialect, { stepMs: hourMs, columns, nowMs: startMs + 60 * hourMs });
  const made = temporaryFolder();
  const candles = CandleStore.open(made.path);
  candles.put(KEY, columns, { isSimulated: false, source: 'here' });
  dataset = datasetOfSeries(candles, [KEY]);
  candles.close();
  made.remove();
});
afterAll(() => exchange.stop());
beforeEach(() => {
  store = temporaryFolder();
  return () => store.remove();
});

describe('ratchet data require', () => {
  it('fetches what lacks, and asks nobody when it is there', async () => {
    expect(await requireDataset(store.path, dataset, exchange.url)).toMatchObject({ kept: [], fetched: ['binance BTC/USDT 1h'] });
    expect(await requireDataset(store.path, dataset, 'http://127.0.0.1:1')).toMatchObject({
      kept: ['binance BTC/USDT 1h'],
      fetched: [],
    });
  });

  it('refuses what the exchange has revised since', async () => {
    const [entry] = dataset.entries;
    const other = { ...entry!, digest: `sha256:${'0'.repeat(64)}` };
    const wanted = { ...dataset, entries: [other] };
    await expect(requireDataset(store.path, wanted, exchange.url)).rejects.toMatchObject({ code: 'candles/digest-mismatch' });
  });

  it('says who could bring candles that nobody serves', async () => {
    const { yardstick } = smallMarket(30);
    await expect(requireDataset(store.path, yardstick.dataset)).rejects.toMatchObject({
      code: 'candles/not-fetchable',
      message: expect.stringContaining('nobody serves candles of "simulated"'),
    });
  });

  it('names the digest alone, for a cache, and refuses an evaluation whose dataset is not its entries', async () => {
    const { yardstick } = smallMarket(30);
    const file = join(store.path, 'evaluation.yaml');
    writeFileSync(file, stringify(yardstick));
    const named = await ratchetHere('data', 'require', '--digest', '--evaluation', file);
    expect(named).toMatchObject({ code: 0, stdout: `${digestOfJson(yardstick.dataset.entries)}\n` });
    writeFileSync(file, stringify({ ...yardstick, dataset: { ...yardstick.dataset, digest: `sha256:${'1'.repeat(64)}` } }));
    expect(await ratchetHere('data', 'require', '--digest', '--evaluation', file)).toMatchObject({ code: 1 });
  });

  it('asks for nothing where nothing is evaluated, and leaves an empty store', async () => {
    const place = join(store.path, 'candles');
    const { code, stdout } = await ratchetHere('data', 'require', '--repository', '.', '--at', 'HEAD', '--store', place);
    expect(code).toBe(0);
    expect(stdout).toContain('no candles are asked for');
    expect(CandleStore.exists(place)).toBe(true);
  });
});
