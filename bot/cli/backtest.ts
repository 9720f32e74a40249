import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { MARKETS_PATH, MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { spanOf } from '#engine/candles/cut-in-three.ts';
import { candleFilesAt, importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { selectDataset } from '#engine/candles/select-dataset.ts';
import type { Dataset, Span } from '#engine/candles/types.ts';
import { Manifest } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { MarketRules, Trade } from '#engine/simulation/types.ts';

interface Flags {
  readonly data?: readonly string[];
  readonly store: string;
  readonly venue?: string;
  readonly param: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly capital: string;
  readonly seed: string;
  readonly feeRate?: string;
  readonly slippage?: string;
  readonly delay: string;
  readonly trades: string;
  readonly json?: boolean;
}

/** `ratchet backtest`: one strategy over candles, in its sandbox, verified from its own intents. */
export function backtestCommand(): Command {
  return new Command('backtest')
    .description('Run a strategy over candles: metrics, trades and the result id anyone can reproduce.')
    .argument('<strategy>', 'an id under strategies/, a folder with a manifest.yaml, or one source file')
    .option('--data <path...>', 'candle files or folders of them; without it the candle store is used')
    .option('--store <dir>', 'the candle store', join('var', 'candles'))
    .option('--venue <name>', 'which venue, when several have the candles')
    .option('--param <name=value...>', 'values for the declared parameters, over those of the manifest', [])
    .option('--from <date>', 'first day, UTC; bars before it warm the strategy up')
    .option('--to <date>', 'end, not included')
    .option('--capital <amount>', 'quote asset', '10000')
    .option('--seed <number>', 'part of the result id', '1')
    .option('--fee-rate <ratio>', 'maker and taker fee instead of those of policies/markets.yaml')
    .option('--slippage <ratio>', 'slippage instead of that of policies/markets.yaml')
    .option('--delay <bars>', 'execute every decision this many bars late', '0')
    .option('--trades <number>', 'how many of the last trades to show', '10')
    .option('--json', 'one JSON object')
    .action(runBacktest);
}

async function runBacktest(strategy: string, flags: Flags): Promise<void> {
  const { artifact, parameters } = await readStrategy(strategy);
  const tester = await openBacktester(artifact);
  const candles = openCandles(flags);
  try {
    const request = requestOf(tester, candles.store, artifact, parameters, flags);
    await tester.useDataset(request.dataset, loadDataset(candles.store, request.dataset));
    const result = await tester.run(request, { verify: true });
    if (flags.json === true) console.log(JSON.stringify({ ...result, request }));
    else show(strategy, request, result, wholeNumber('--trades', flags.trades));
  } finally {
    await tester.close();
    candles.close();
  }
}

/** The checked artifact of an id, a folder or a file, and the parameters its manifest names. */
async function readStrategy(
  strategy: string,
): Promise<{ readonly artifact: StrategyArtifact; readonly parameters: Readonly<Record<string, number>> }> {
  const path = existsSync(strategy) ? strategy : join('strategies', strategy);
  if (!existsSync(path)) {
    throw new RatchetError(
      'backtest/no-strategy',
      `There is no strategy ${strategy}.`,
      'Give an id under strategies/, a folder or a file.',
      {
        strategy,
      },
    );
  }
  if (!statSync(path).isDirectory()) {
    const entry = basename(path);
    return { artifact: await built(new Map([[entry, readFileSync(path, 'utf8')]]), entry), parameters: {} };
  }
  const manifest = readManifest(path);
  const names = readdirSync(path).filter((name) => statSync(join(path, name)).isFile());
  const files = new Map(names.map((name) => [name, readFileSync(join(path, name), 'utf8')]));
  return { artifact: await built(files, manifest.entry), parameters: manifest.parameters };
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'manifest.yaml');
  if (!existsSync(path)) {
    throw new RatchetError(
      'backtest/no-manifest',
      `${folder} has no manifest.yaml.`,
      'Name the source file itself, or add one.',
      { folder },
    );
  }
  const result = Manifest.safeParse(parse(readFileSync(path, 'utf8')));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new RatchetError('backtest/manifest', `${path}: ${issue?.path.join('.')}: ${issue?.message}.`, 'Mend the manifest.', {
    path,
  });
}

async function built(files: ReadonlyMap<string, string>, entry: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(files, entry);
  if (verdict.ok) return verdict.artifact;
  const { file, line, message, rule } = verdict.findings[0]!;
  throw new RatchetError(
    'backtest/refused',
    `${file}:${line}: ${message} (${rule})`,
    `Mend the ${verdict.findings.length} finding(s) that ratchet sandbox check shows.`,
    { findings: verdict.findings },
  );
}

/** The store named, or one made of the files named that is gone afterwards. */
function openCandles(flags: Flags): { readonly store: CandleStore; close(): void } {
  if (flags.data === undefined) {
    const store = CandleStore.open(flags.store);
    return { store, close: () => store.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-backtest-'));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const store = CandleStore.open(folder);
    importCandleFiles(store, flags.data.flatMap(candleFilesAt));
    return {
      store,
      close: () => {
        store.close();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

function requestOf(
  tester: Backtester,
  store: CandleStore,
  artifact: StrategyArtifact,
  manifestParameters: Readonly<Record<string, number>>,
  flags: Flags,
): BacktestRequest {
  const { symbols, timeframe } = tester.describe();
  const wants = symbols.map((symbol) => ({ symbol, timeframe }));
  const dataset = selectDataset(store, wants, { venue: flags.venue });
  return {
    artifact: artifact.digest,
    parameters: tester.fillParameters({ ...manifestParameters, ...valuesOf(flags.param) }),
    dataset,
    span: spanWithin(spanOf(dataset), flags),
    markets: marketsOf(dataset, flags),
    capital: positive('--capital', flags.capital),
    seed: wholeNumber('--seed', flags.seed),
    delayBars: wholeNumber('--delay', flags.delay),
  };
}

function marketsOf(dataset: Dataset, flags: Flags): Record<string, MarketRules> {
  const costs = MarketCosts.parse(parse(readFileSync(MARKETS_PATH, 'utf8')));
  const feeRate = flags.feeRate === undefined ? undefined : ratio('--fee-rate', flags.feeRate);
  const slippage = flags.slippage === undefined ? undefined : ratio('--slippage', flags.slippage);
  const entries = dataset.entries.map(({ symbol, source }) => {
    const rules = rulesFor(costs, source.venue, symbol);
    const fees = feeRate === undefined ? {} : { makerFeeRate: feeRate, takerFeeRate: feeRate };
    return [symbol, { ...rules, ...fees, ...(slippage === undefined ? {} : { slippageRate: slippage }) }];
  });
  return Object.fromEntries(entries);
}

function spanWithin(whole: Span, flags: Flags): Span {
  const from = flags.from === undefined ? whole.from : timeOf('--from', flags.from);
  const to = flags.to === undefined ? whole.to : timeOf('--to', flags.to);
  if (from < to) return { from, to };
  throw new RatchetError(
    'backtest/span',
    `--from ${dateOf(from)} is not before the end, ${dateOf(to)}.`,
    'Choose a span within the data.',
  );
}

function valuesOf(pairs: readonly string[]): Record<string, number> {
  const values: Record<string, number> = {};
  for (const pair of pairs) {
    const [name, text, ...rest] = pair.split('=');
    const value = Number(text);
    if (name === undefined || text === undefined || text === '' || rest.length > 0 || !Number.isFinite(value)) {
      throw new RatchetError('backtest/usage', `--param ${pair} is not name=number.`, 'Write it like --param fast=12.');
    }
    values[name] = value;
  }
  return values;
}

// ── for people ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function show(strategy: string, request: BacktestRequest, result: BacktestResult, tradeCount: number): void {
  const { dataset, span } = request;
  const venues = [...new Set(dataset.entries.map(({ source }) => source.venue))].join(', ');
  console.log(
    `${strategy} on ${dataset.entries.map(({ symbol }) => symbol).join(', ')} (${venues}${dataset.isSimulated ? ', SIMULATED' : ''})`,
  );
  console.log(`${dateOf(span.from)} to ${dateOf(span.to)}, ${parametersLine(request.parameters)}\n`);
  for (const [name, value] of metricRows(result)) console.log(`  ${name.padEnd(22)} ${value.padStart(12)}`);
  showTrades(result.trades, tradeCount);
  console.log(`\nresult id     ${result.resultId}`);
  console.log(`result digest ${result.resultDigest}`);
  console.log('verified      replayed from its intents without the strategy, equal to the last digit');
}

function metricRows({ metrics }: BacktestResult): readonly (readonly [string, string])[] {
  const share = (value: number | null): string => (value === null ? '–' : `${(value * 100).toFixed(2)} %`);
  const plain = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
  return [
    ['bars', String(metrics.bars)],
    ['trades', String(metrics.trades)],
    ['net return', share(metrics.netReturn)],
    ['annual growth', share(metrics.cagr)],
    ['volatility', share(metrics.volatility)],
    ['Sharpe', plain(metrics.sharpe)],
    ['Sortino', plain(metrics.sortino)],
    ['Calmar', plain(metrics.calmar)],
    ['maximum drawdown', share(metrics.maxDrawdown)],
    ['longest drawdown', `${metrics.maxDrawdownBars} bars`],
    ['profit factor', plain(metrics.profitFactor)],
    ['mean trade', share(metrics.expectancy)],
    ['win rate', share(metrics.winRate)],
    ['exposure', share(metrics.exposure)],
    ['turnover', `${metrics.turnover.toFixed(1)} ×`],
    ['fees', metrics.fees.toFixed(2)],
    ['fees of gross gains', share(metrics.feeShare)],
    ['mean hold', metrics.averageHoldBars === null ? '–' : `${metrics.averageHoldBars.toFixed(1)} bars`],
  ];
}

function showTrades(trades: readonly Trade[], count: number): void {
  const shown = count === 0 ? [] : trades.slice(-count);
  if (shown.length === 0) return;
  console.log(`\nlast ${shown.length} of ${trades.length} trades`);
  for (const trade of shown) {
    const times = `${minuteOf(trade.entryTime)} → ${minuteOf(trade.exitTime)}`;
    const percent = `${(trade.netReturn * 100).toFixed(2)} %`.padStart(9);
    console.log(`  ${times}  ${trade.symbol.padEnd(10)} ${percent}  ${trade.exitCause}`);
  }
}

function parametersLine(parameters: Readonly<Record<string, number>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

// ── what people type ───────────────────────────────────────────────────────────────────────────────────────────────────

function timeOf(flag: string, text: string): number {
  const time = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(time)) return time;
  throw new RatchetError('backtest/usage', `${flag} ${text} is not a date.`, 'Write it like 2024-01-31.');
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new RatchetError('backtest/usage', `${flag} ${text} is not a whole number.`, 'Write it like 7.');
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RatchetError('backtest/usage', `${flag} ${text} is not a number above zero.`, 'Write it like 10000.');
}

function ratio(flag: string, text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && value < 0.5) return value;
  throw new RatchetError('backtest/usage', `${flag} ${text} is not a ratio below 0.5.`, 'A tenth of a per cent is 0.001.');
}
