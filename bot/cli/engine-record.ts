import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { minute, NO_VALUE, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import { RatchetError } from '#engine/errors.ts';
import { ReportComposer } from '#engine/runtime/compose-report.ts';
import { obeyedControl } from '#engine/runtime/control.ts';
import { storedMarkets } from '#engine/runtime/stored-markets.ts';
import { type EngineReader, openReader, type TracedDecision } from '#engine/store/engine-reader.ts';
import { storePath } from '#engine/store/open-database.ts';
import { BENCHMARKS } from '#engine/store/truth/benchmarks.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { columned } from './columned.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

interface RecordFlags {
  workspace: string;
  json?: boolean;
}

interface ListFlags extends RecordFlags {
  last: number;
}

/** `ratchet engine positions`: what is held now, at the last closes. */
export function positionsCommand(): Command {
  return recordCommand(
    'positions',
    'What each strategy holds now, at the last closes; works while the engine runs and after.',
  ).action((flags: RecordFlags) => {
    const { strategies } = look(flags, (reader) =>
      new ReportComposer(reader, storedMarkets(reader)).compose(obeyedControl(reader)),
    );
    const positions = strategies.flatMap(({ id, positions }) => positions.map((position) => ({ strategy: id, ...position })));
    const rows = positions.map((position) => [
      position.strategy,
      position.symbol,
      String(position.quantity),
      price(position.entryPrice),
      price(position.price),
      signedDecimal(position.unrealisedResult),
      position.stop === null ? 'none' : price(position.stop),
      position.takeProfit === null ? 'none' : price(position.takeProfit),
      String(position.barsHeld),
    ]);
    const header = ['strategy', 'symbol', 'quantity', 'entry', 'price', 'result', 'stop', 'target', 'bars'];
    show(flags, positions, 'Nothing is held.', header, rows, [2, 3, 4, 5, 6, 7, 8]);
  });
}

/** `ratchet engine trades`: the newest closed ones. */
export function tradesCommand(): Command {
  return listCommand('trades', 'The newest closed trades, oldest of them first.').action((flags: ListFlags) => {
    const trades = look(flags, (reader) => reader.newestTrades(flags.last));
    const rows = trades.map((trade) => [
      minute(trade.exitTime),
      trade.strategy,
      trade.symbol,
      String(trade.quantity),
      price(trade.entryPrice),
      price(trade.exitPrice),
      signedDecimal(trade.netResult),
      signedPercent(trade.netReturn),
      `${visible(trade.entryReason)} → ${visible(trade.exitReason)}`,
    ]);
    const header = ['closed (UTC)', 'strategy', 'symbol', 'quantity', 'entry', 'exit', 'result', 'return', 'why'];
    show(flags, trades, 'No trade has been closed.', header, rows, [3, 4, 5, 6, 7]);
  });
}

/** `ratchet engine decisions`: the newest, acted on or not. */
export function decisionsCommand(): Command {
  return listCommand(
    'decisions',
    'The newest decisions with what came of them, and what was sold without one, oldest of them first.',
  )
    .option('--trace', 'with every check that was asked, its value and its limit')
    .action((flags: ListFlags & { trace?: boolean }) => {
      const decisions = look(flags, (reader) => reader.tracedDecisions(flags.last));
      if (flags.trace === true && flags.json !== true && decisions.length > 0) {
        console.log(decisions.map(traceText).join('\n\n'));
        return;
      }
      const header = ['bar closed (UTC)', 'known after', 'strategy', 'symbol', 'action', 'outcome', 'why'];
      const rows = decisions.map((decision) => {
        const [closed, ...cells] = decisionCells(decision);
        return [closed!, decision.ageMs === null ? NO_VALUE : seconds(decision.ageMs), ...cells];
      });
      show(flags, decisions, 'Nothing has been decided.', header, rows, [1]);
    });
}

function decisionCells({ instant, strategy, symbol, action, outcome, reason, cause }: TracedDecision): string[] {
  const told = cause === 'decision' ? action : `${action} by ${cause}`;
  return [minute(instant), strategy, symbol, told, outcome, visible(reason)];
}

/** A decision, under it what was known of its bar, and a line for each check, in the order in which they were asked. */
function traceText(decision: TracedDecision): string {
  const [closed, ...cells] = decisionCells(decision);
  const title = `${closed}  ${cells.join('  ')}\n  ${barText(decision)}`;
  if (decision.checks.length === 0) return `${title}\n  nothing was asked`;
  const rows = decision.checks.map(({ check, passed, value, limit }) => [
    passed ? 'passed' : 'STOPPED',
    check,
    amount(value),
    amount(limit),
  ]);
  const lines = columned(['', 'check', 'value', 'limit'], rows).split('\n');
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function barText({ ageMs, missing, cause }: TracedDecision): string {
  if (cause !== 'decision') return 'the strategy did not decide it: the engine has ordered all that is held to be sold';
  const age = ageMs === null ? 'when its bar was known was not recorded' : `its bar was known ${seconds(ageMs)} after it closed`;
  return missing.length === 0 ? age : `${age}; waited in vain for ${missing.join(', ')}`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}

/** No more digits than tell one amount from another; exact amounts come as texts. */
function amount(value: number | string | null): string {
  if (value === null) return NO_VALUE;
  return typeof value === 'number' ? String(Number(value.toPrecision(12))) : visible(value);
}

/** `ratchet engine truth`: what a night is told of the version that runs. */
export function truthCommand(): Command {
  return recordCommand('truth', 'What is true of each version that runs, in figures; what a night goes by.').action(
    (flags: RecordFlags) => {
      const truths = look(flags, (reader) => {
        const asOf = reader.lastFeedTime() ?? 0;
        return reader
          .deployments()
          .filter(({ outcome }) => outcome === 'running')
          .map(({ strategy, treeHash }) => ({ strategy, ...reader.truth(strategy, treeHash, asOf, Date.now()) }));
      });
      const rows = truths.flatMap(({ strategy, ...truth }) =>
        Object.entries(BENCHMARKS).map(([name, { meaning }]) => [
          strategy,
          name,
          figure(truth[name as keyof typeof BENCHMARKS]),
          meaning,
        ]),
      );
      show(flags, truths, 'Nothing runs.', ['strategy', 'figure', 'value', 'what it is'], rows, [2]);
    },
  );
}

function figure(value: Truth[keyof Truth]): string {
  if (value === null) return NO_VALUE;
  if (typeof value === 'object')
    return (
      Object.entries(value)
        .map(([code, times]) => `${times} ${code}`)
        .join(', ') || '0'
    );
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** @throws RatchetError `engine/no-workspace` */
export function requireWorkspace(dir: string) {
  const workspace = workspaceAt(dir);
  if (!existsSync(workspace.market) && !existsSync(storePath(workspace.engine))) {
    throw new RatchetError(
      'engine/no-workspace',
      `There is no workspace in ${dir}.`,
      'Run npm start or ratchet engine run there first.',
      { dir },
    );
  }
  return workspace;
}

function recordCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON array');
}

function listCommand(name: string, description: string): Command {
  return recordCommand(name, description).option('--last <count>', 'how many', option.count, 20);
}

function look<T>({ workspace }: RecordFlags, ask: (reader: EngineReader) => T): T {
  const reader = openReader(requireWorkspace(workspace).engine);
  try {
    return reader.atOnce(() => ask(reader));
  } finally {
    reader.close();
  }
}

/** All digits a market has, however small its unit. */
function price(value: number): string {
  return String(Number(value.toPrecision(10)));
}

function show(
  { json }: RecordFlags,
  facts: readonly unknown[],
  nothing: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): void {
  if (json === true) console.log(JSON.stringify(facts));
  else console.log(rows.length === 0 ? nothing : columned(header, rows, rightAligned));
}
