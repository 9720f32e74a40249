import { day, minute } from '#bot/evidence/numbers.ts';
import type { Breakdowns, DayGroup, TradeGroup } from '#engine/backtest/metrics/breakdowns.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import type { Trade } from '#engine/simulation/types.ts';

/** A result for a person: what ran, the metrics, the result taken apart, the last trades, the result id. */
export function showResult(
  strategy: string,
  request: BacktestRequest,
  result: BacktestResult,
  breakdowns: Breakdowns,
  tradeCount: number,
): void {
  showRequest(strategy, request);
  for (const [name, value] of metricRows(result)) console.log(`  ${name.padEnd(22)} ${value.padStart(12)}`);
  if (result.trades.length > 0) showBreakdowns(breakdowns);
  showTrades(result.trades, tradeCount);
  console.log(`\nresult id     ${result.resultId}`);
  console.log(`result digest ${result.resultDigest}`);
  console.log('verified      replayed from its intents without the strategy, equal to the last digit');
}

/** What is run on what, in two lines. */
export function showRequest(strategy: string, { dataset, span, parameters }: BacktestRequest): void {
  const venues = [...new Set(dataset.entries.map(({ source }) => source.venue))].join(', ');
  console.log(
    `${strategy} on ${dataset.entries.map(({ symbol }) => symbol).join(', ')} (${venues}${dataset.isSimulated ? ', SIMULATED' : ''})`,
  );
  const line = parametersLine(parameters);
  console.log(`${day(span.from)} to ${day(span.to)}${line === '' ? '' : `, ${line}`}\n`);
}

function metricRows({ metrics }: BacktestResult): readonly (readonly [string, string])[] {
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
    ['Ulcer index', share(metrics.ulcer)],
    ['tail ratio', plain(metrics.tailRatio)],
    ['alpha a year', share(metrics.alpha)],
    ['beta', plain(metrics.beta)],
    ['profit factor', plain(metrics.profitFactor)],
    ['mean trade', share(metrics.expectancy)],
    ['win rate', share(metrics.winRate)],
    ['system quality', plain(metrics.sqn)],
    ['exposure', share(metrics.exposure)],
    ['turnover', `${metrics.turnover.toFixed(1)} ×`],
    ['fees', metrics.fees.toFixed(2)],
    ['fees of gross gains', share(metrics.feeShare)],
    ['mean hold', barsText(metrics.averageHoldBars)],
    ['mean worst excursion', share(metrics.averageAdverseExcursion)],
    ['mean best excursion', share(metrics.averageFavourableExcursion)],
    ['worst excursion', share(metrics.worstAdverseExcursion)],
  ];
}

function showBreakdowns({ bySymbol, byMonth, byRegime, byHour, byHorizon }: Breakdowns): void {
  showGroups('by symbol', bySymbol);
  showDayGroups('by month', byMonth);
  showDayGroups('by regime of the market', byRegime);
  showGroups('by hour of entry, UTC', byHour);
  showGroups('by time held', byHorizon);
}

const TRADE_HEADINGS = ['trades', 'won', 'mean trade', 'profit factor', 'net result', 'fees', 'mean hold'];

function showGroups(title: string, groups: readonly TradeGroup[]): void {
  showTable(
    title,
    TRADE_HEADINGS,
    groups.map((group) => [group.key, ...tradeCells(group)]),
  );
}

function showDayGroups(title: string, groups: readonly DayGroup[]): void {
  showTable(
    title,
    ['days', 'return', ...TRADE_HEADINGS],
    groups.map((group) => [group.key, String(group.days), share(group.netReturn), ...tradeCells(group)]),
  );
}

function tradeCells(group: TradeGroup): string[] {
  const { trades, winRate, expectancy, profitFactor, netResult, fees, averageHoldBars } = group;
  return [
    String(trades),
    share(winRate),
    share(expectancy),
    plain(profitFactor),
    netResult.toFixed(2),
    fees.toFixed(2),
    barsText(averageHoldBars),
  ];
}

/** First column to the left, the others to the right, each as wide as its widest cell. */
function showTable(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  const all = [[title, ...headings], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  console.log('');
  for (const row of all) {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
    console.log(`  ${cells.join('  ')}`);
  }
}

function showTrades(trades: readonly Trade[], count: number): void {
  const shown = count === 0 ? [] : trades.slice(-count);
  if (shown.length === 0) return;
  console.log(`\nlast ${shown.length} of ${trades.length} trades`);
  for (const trade of shown) {
    const times = `${minute(trade.entryTime)} → ${minute(trade.exitTime)}`;
    const percent = `${(trade.netReturn * 100).toFixed(2)} %`.padStart(9);
    console.log(`  ${times}  ${trade.symbol.padEnd(10)} ${percent}  ${trade.exitCause}`);
  }
}

function parametersLine(parameters: Readonly<Record<string, number>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function share(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(2)} %`;
}

function plain(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function barsText(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} bars`;
}
