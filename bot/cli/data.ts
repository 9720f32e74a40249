import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { CandleStore } from '#engine/candles/candle-store.ts';
import type { BarCorrection } from '#engine/candles/correction-table.ts';
import { type FetchProgress, type FetchReport, fetchCandles } from '#engine/candles/fetch-candles.ts';
import { candleFilesAt, type ImportedFile, importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { fetchableVenues, openVenue } from '#engine/candles/open-venue.ts';
import { datasetOfSeries } from '#engine/candles/select-dataset.ts';
import { nameOfSeries, simulatedVenue } from '#engine/candles/series-key.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs, timeframes } from '#engine/candles/timeframe.ts';
import type { Dataset, SeriesInfo } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { explain } from '#engine/errors.ts';
import { requireCommand } from './data/require.ts';
import * as option from './option-parsers.ts';

interface StoreFlags {
  readonly store: string;
  readonly json?: boolean;
}

interface ImportFlags extends StoreFlags {
  readonly venue?: string;
  readonly symbol?: string;
  readonly timeframe?: string;
  readonly replace?: boolean;
  readonly allowGaps?: boolean;
}

interface SimulateFlags extends StoreFlags {
  readonly seed: number;
  readonly symbols: string;
  readonly timeframe: Timeframe;
  readonly bars: number;
  readonly from: number;
}

interface FetchFlags extends StoreFlags {
  readonly venue: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly from: number;
  readonly to?: number;
  readonly endpoint?: string;
}

/** `ratchet data`: candles into the store, and what is in it. */
export function dataCommand(): Command {
  const data = new Command('data').description('Candles: import, simulate, fetch, require, list.');
  withStore(data.command('import'))
    .description('Store candle CSV files, gzip or plain; all of them, or none when one is bad.')
    .argument('<path...>', 'files, or folders of .csv and .csv.gz files')
    .option('--venue <name>', 'where the candles are from, when the file name does not say')
    .option('--symbol <symbol>', 'such as BTC/USDT, when the file name does not say')
    .option('--timeframe <timeframe>', `${timeframes.join(', ')}, when the file name does not say`)
    .option('--replace', 'put the files in the place of stored series instead of merging')
    .option('--allow-gaps', 'take files with large parts missing')
    .action(importData);
  withStore(data.command('simulate'))
    .description('Make a simulated market; the same seed gives the same candles.')
    .requiredOption('--seed <number>', 'a whole number', option.seed)
    .option('--symbols <list>', 'separated by commas', 'BTC/USDT,ETH/USDT,SOL/USDT')
    .option('--timeframe <timeframe>', timeframes.join(', '), option.timeframe, '5m')
    .option('--bars <number>', 'bars a symbol', option.bars, 105_120)
    .addOption(
      new Option('--from <date>', 'open time of the first bar, UTC')
        .argParser(option.utcTime)
        .default(option.utcTime('2024-01-01'), '2024-01-01'),
    )
    .action(simulateData);
  withStore(data.command('fetch'))
    .description('Download candles from an exchange; run again, it goes on where it stopped.')
    .requiredOption('--venue <name>', fetchableVenues.join(', '))
    .requiredOption('--symbol <symbol>', 'such as BTC/USDT')
    .requiredOption('--timeframe <timeframe>', timeframes.join(', '), option.timeframe)
    .requiredOption('--from <date>', '2024-01-31, or with a time 2024-01-31T12:00Z', option.utcTime)
    .option('--to <date>', 'end, not included; now when left out', option.utcTime)
    .option('--endpoint <url>', "a server that speaks the exchange's dialect, instead of the exchange")
    .action(fetchData);
  data.addCommand(requireCommand());
  withStore(data.command('list')).description('What is stored.').action(listData);
  return data;
}

function withStore(command: Command): Command {
  return command
    .option('--store <dir>', 'the candle store', join('var', 'candles'))
    .option('--json', 'one JSON object on one line instead of tables');
}

function importData(paths: readonly string[], flags: ImportFlags): void {
  const files = paths.flatMap(candleFilesAt);
  withOpenStore(flags.store, (store) => {
    const imported = importCandleFiles(store, files, {
      given: { venue: flags.venue, symbol: flags.symbol, timeframe: flags.timeframe },
      isReplacing: flags.replace === true,
      allowGaps: flags.allowGaps === true,
      onProgress: (done, total, name) => drawBar(done, total, name),
    });
    const keys = new Map(imported.map(({ series }) => [nameOfSeries(series), series]));
    const dataset = datasetOfSeries(store, [...keys.values()]);
    if (flags.json === true) print({ files: imported, dataset });
    else showImport(imported, dataset);
  });
}

function simulateData(flags: SimulateFlags): void {
  const request = {
    seed: flags.seed,
    symbols: flags.symbols.split(',').map((symbol) => symbol.trim().toUpperCase()),
    timeframe: flags.timeframe,
    from: flags.from,
    bars: flags.bars,
  };
  const markets = simulateMarket(request);
  withOpenStore(flags.store, (store) => {
    const series = store.batch(() =>
      [...markets].map(([symbol, columns]) =>
        store.put({ venue: simulatedVenue, symbol, timeframe: request.timeframe }, columns, {
          isSimulated: true,
          source: `seed ${request.seed}`,
        }),
      ),
    );
    const dataset = datasetOfSeries(store, series);
    if (flags.json === true) {
      print({ series, dataset });
      return;
    }
    showSeries(series);
    console.log(`\nSIMULATED market of seed ${request.seed}. Dataset ${dataset.digest}`);
  });
}

async function fetchData(flags: FetchFlags): Promise<void> {
  const { symbol, timeframe, from, to } = flags;
  const venue = await openVenue(flags.venue, flags.endpoint);
  const store = CandleStore.open(flags.store);
  try {
    const report = await fetchCandles(
      store,
      venue,
      { symbol, timeframe, from, to },
      {
        now: Date.now,
        sleep,
        onProgress: drawFetch,
        onRetry: (attempt, waitMs, error) =>
          note(`${flags.venue}: ${firstLine(error)}; attempt ${attempt + 1} in ${waitMs / 1000} s`),
      },
    );
    if (flags.json === true) print(report);
    else showFetch(report);
  } finally {
    store.close();
  }
}

function listData(flags: StoreFlags): void {
  // Looking must not leave an empty store behind.
  if (!CandleStore.exists(flags.store)) showList(flags, [], []);
  else withOpenStore(flags.store, (store) => showList(flags, store.series(), store.corrections.list()));
}

function withOpenStore(directory: string, work: (store: CandleStore) => void): void {
  const store = CandleStore.open(directory);
  try {
    work(store);
  } finally {
    store.close();
  }
}

function showImport(imported: readonly ImportedFile[], dataset: Dataset): void {
  const rows = imported.map(({ series, quality }) => [
    nameOfSeries(series),
    count(quality.bars),
    date(series.firstTime),
    date(series.lastTime),
    count(quality.missing),
    count(quality.gaps),
    count(quality.longestGap),
    count(quality.duplicates),
    count(quality.jumps),
    `${(quality.maxMove * 100).toFixed(1)} %`,
    count(quality.zeroVolume),
    count(quality.flat),
    shortDigest(series.digest),
  ]);
  const header = [
    'series',
    'bars',
    'first',
    'last',
    'missing',
    'gaps',
    'longest',
    'duplicates',
    'outliers',
    'max move',
    'zero vol',
    'flat',
    'digest',
  ];
  console.log(table(header, rows, new Set([0, 2, 3, 12])));
  const simulated = dataset.isSimulated ? ' SIMULATED.' : '';
  console.log(`\n${imported.length} ${imported.length === 1 ? 'file' : 'files'} imported.${simulated} Dataset ${dataset.digest}`);
}

function showFetch(report: FetchReport): void {
  showSeries([report.series]);
  const resumed = report.resumedBars === 0 ? '' : `, continuing ${count(report.resumedBars)} stored ones`;
  console.log(`\n${count(report.addedBars)} bars fetched${resumed}. Digest ${report.series.digest}`);
  for (const notice of report.notices) console.log(`Note: ${notice}`);
}

function showList(flags: StoreFlags, series: readonly SeriesInfo[], corrections: readonly BarCorrection[]): void {
  if (flags.json === true) print({ store: flags.store, series, corrections });
  else if (series.length === 0) console.log(`No candles in ${flags.store}. Try: ratchet data simulate --seed 7`);
  else {
    showSeries(series);
    for (const name of new Set(corrections.map(nameOfSeries))) {
      const bars = corrections.filter((one) => nameOfSeries(one) === name).length;
      console.log(
        `Note: of ${name} the exchange told ${count(bars)} bars differently after they were traded on (--json lists them).`,
      );
    }
  }
}

function showSeries(series: readonly SeriesInfo[]): void {
  const rows = series.map((one) => [
    nameOfSeries(one),
    count(one.bars),
    date(one.firstTime),
    date(one.lastTime + timeframeMs(one.timeframe)),
    one.isSimulated ? `SIMULATED, ${one.source}` : one.source,
    shortDigest(one.digest),
  ]);
  console.log(table(['series', 'bars', 'from', 'to', 'source', 'digest'], rows, new Set([0, 2, 3, 4, 5])));
}

/** Columns in `leftAligned` start at the left, the others end at the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[], leftAligned: ReadonlySet<number>): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (leftAligned.has(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

function drawFetch({ bars, expectedBars, time }: FetchProgress): void {
  drawBar(Math.min(bars, expectedBars), expectedBars, `${count(bars)} bars, up to ${date(time)}`);
}

/** On a terminal only, and on stderr, so that stdout stays clean for programs. */
function drawBar(done: number, total: number, label: string): void {
  if (!process.stderr.isTTY) return;
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * 24);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(24 - filled)}`;
  process.stderr.write(`\r\x1b[2K${bar} ${Math.round(share * 100)} %  ${label}${done >= total ? '\n' : ''}`);
}

function note(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
}

function firstLine(error: unknown): string {
  return explain(error).split('\n')[0]!.slice(0, 120);
}

function print(value: unknown): void {
  console.log(JSON.stringify(value));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function date(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

function shortDigest(digest: string): string {
  return digest.slice(0, 19);
}
