import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { RatchetError } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { type Control, initialControl, obeyedControl } from '#engine/runtime/control.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { type EngineOptions, parseOptions } from '#engine/runtime/options.ts';
import { optionsFromParent, runEngine } from '#engine/runtime/run-engine.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { orderCommands } from './engine-orders.ts';
import { decisionsCommand, positionsCommand, requireWorkspace, tradesCommand, truthCommand } from './engine-record.ts';
import { engineVerifyCommand } from './engine-verify.ts';
import * as option from './option-parsers.ts';
import { Market } from './up/prepare-market.ts';

interface RunFlags {
  workspace: string;
  remote?: string;
  catchUp: number;
  pace: number;
  poll: number;
  optionsFromParent?: boolean;
}

interface StatusFlags {
  workspace: string;
  json?: boolean;
}

/** Where the token for the remote comes from when a person starts the engine. */
const TOKEN_VARIABLE = 'RATCHET_GIT_TOKEN';

/** `ratchet engine`: trade what is on main and proven, and say how that goes. */
export function engineCommand(): Command {
  const engine = new Command('engine').description('Trade what is on main and proven.');
  engine
    .command('run')
    .description(`Run the engine on a workspace until it is stopped. A token for the remote is read from ${TOKEN_VARIABLE}.`)
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--remote <url>', 'the repository to follow, without a token in it')
    .option('--catch-up <bars>', 'bars of the replay that are past already when the engine first starts', option.count, 0)
    .option('--pace <ms>', 'time between two bars of the replay', option.pace, 1000)
    .option('--poll <ms>', 'time between two looks at the remote', option.poll, 5000)
    .option('--options-from-parent', 'take everything from the process that started this one')
    .action(async (flags: RunFlags) => {
      const options = flags.optionsFromParent === true ? await optionsFromParent() : optionsFrom(flags);
      await runEngine(options, createLog(process.env.RATCHET_LOG_LEVEL ?? 'info'));
    });
  for (const order of orderCommands()) engine.addCommand(order);
  return engine
    .addCommand(statusCommand())
    .addCommand(positionsCommand())
    .addCommand(tradesCommand())
    .addCommand(decisionsCommand())
    .addCommand(truthCommand())
    .addCommand(engineVerifyCommand());
}

/** `ratchet status`, and `ratchet engine status`: what runs, whether it agrees with main, and how it does. */
export function statusCommand(): Command {
  return new Command('status')
    .description('What the engine runs, holds and has done; works while it runs and after.')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON object')
    .action((flags: StatusFlags) => {
      const facts = engineFacts(flags.workspace);
      console.log(flags.json === true ? JSON.stringify(facts) : describe(facts));
    });
}

function optionsFrom(flags: RunFlags): EngineOptions {
  if (flags.remote === undefined) {
    throw new RatchetError('engine/no-remote', 'The engine was not told which repository to follow.', 'Give --remote URL.');
  }
  const workspace = requireWorkspace(flags.workspace);
  const market = Market.parse(JSON.parse(readFileSync(workspace.market, 'utf8')));
  const token = process.env[TOKEN_VARIABLE];
  return parseOptions({
    dir: workspace.engine,
    remoteUrl: flags.remote,
    ...(token === undefined || token === '' ? {} : { token }),
    candlesDir: workspace.candles,
    market: { dataset: market.dataset, replayFrom: market.replayFrom, markets: market.evaluation.markets },
    capital: market.evaluation.capital,
    catchUpBars: flags.catchUp,
    paceMs: flags.pace,
    pollMs: flags.poll,
  });
}

function engineFacts(dir: string) {
  const workspace = requireWorkspace(dir);
  const status = readLocalStatus(workspace.engine);
  const reader = openReader(workspace.engine);
  try {
    return {
      process: lockHolder(workspace.engine),
      status,
      control: obeyedControl(reader),
      time: reader.lastFeedTime(),
      equity: reader.equity(),
      ...reader.counts(),
      positions: reader.openPositions(),
      faults: reader.faults(5),
    };
  } finally {
    reader.close();
  }
}

function describe({
  process: holder,
  status,
  control,
  time,
  equity,
  decisions,
  trades,
  positions,
  faults,
}: ReturnType<typeof engineFacts>): string {
  const strategies = (status?.strategies ?? []).map(({ id, stage, tree, status: sync, reason }) =>
    `  ${id} ${stage ?? ''} ${tree?.slice(0, 12) ?? 'nothing'} ${sync} ${reason}`.trimEnd(),
  );
  return [
    holderLine(holder),
    `${status?.status ?? 'It has not said how it is'} at ${status?.commit?.slice(0, 12) ?? 'nothing'}, ${orderLine(control)}. ${status?.reason ?? ''}`.trimEnd(),
    ...strategies,
    `Market time ${time === null ? 'none yet' : new Date(time).toISOString()}, equity ${equity?.toFixed(2) ?? 'none yet'}, ${decisions} decisions, ${trades} trades.`,
    ...positions.map(
      ({ strategy, symbol, quantity, entryPrice }) => `  holds ${quantity} ${symbol} at ${entryPrice} (${strategy})`,
    ),
    ...faults.map(({ strategy, code, message }) => `  fault of ${strategy}: ${message} [${code}]`),
  ].join('\n');
}

function orderLine({ mode, by, at, reason }: Control): string {
  if (at === initialControl.at && by === initialControl.by) return mode;
  return `${mode} since ${at} by ${visible(by)}${reason === '' ? '' : ` (${visible(reason)})`}`;
}

function holderLine(holder: ReturnType<typeof lockHolder>): string {
  if (holder === null) return 'The engine does not run.';
  return holder === 'unknown' ? 'The engine is starting.' : `The engine runs as process ${holder.pid} since ${holder.since}.`;
}
