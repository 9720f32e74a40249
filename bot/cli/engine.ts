import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { type Control, initialControl, obeyedControl } from '#engine/runtime/control.ts';
import { readHealth } from '#engine/runtime/health.ts';
import { clockIn } from '#engine/runtime/kept-pace.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { tradedVenueIn } from '#engine/runtime/real-money.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
import { barLines, venueLines } from './engine/health-text.ts';
import { runCommand } from './engine/run.ts';
import { silentSince } from './engine/silence.ts';
import { acceptCommand, orderCommands } from './engine-orders.ts';
import { decisionsCommand, positionsCommand, requireWorkspace, tradesCommand, truthCommand } from './engine-record.ts';
import { engineVerifyCommand } from './engine-verify.ts';

interface StatusFlags {
  workspace: string;
  json?: boolean;
}

/** `ratchet engine`: trade what is on main and proven, and say how that goes. */
export function engineCommand(): Command {
  const engine = new Command('engine').description('Trade what is on main and proven.');
  engine.addCommand(runCommand());
  for (const order of orderCommands()) engine.addCommand(order);
  return engine
    .addCommand(statusCommand())
    .addCommand(positionsCommand())
    .addCommand(tradesCommand())
    .addCommand(decisionsCommand())
    .addCommand(truthCommand())
    .addCommand(acceptCommand())
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

function engineFacts(dir: string) {
  const workspace = requireWorkspace(dir);
  const status = readLocalStatus(workspace.engine);
  const holder = lockHolder(workspace.engine);
  const reader = openReader(workspace.engine);
  try {
    const now = clockIn(reader).now();
    return {
      process: holder,
      /** Since when nothing was heard of it, by its own clock; null when all is well with that. */
      silentSince: silentSince(reader, holder, now),
      status,
      /** What it measures, as of `now` by its own clock; null when it does not run. */
      health: readHealth(workspace.engine, holder, now),
      now,
      control: obeyedControl(reader),
      time: reader.lastFeedTime(),
      equity: reader.equity(),
      ...reader.counts(),
      positions: reader.openPositions(),
      venue: venueFacts(reader),
      faults: reader.faults(5),
    };
  } finally {
    reader.close();
  }
}

/** The venue account, and what of its orders has not ended; null where none is traded on. */
function venueFacts(reader: EngineReader) {
  const venue = tradedVenueIn(reader);
  if (venue === null) return null;
  const live = reader
    .journals()
    .filter(({ account }) => account === venue.account)
    .flatMap((journal) => journal.orders().filter(({ isFinal }) => !isFinal));
  const orders = live.map(({ clientOrderId, strategy, symbol, role, state, quantity, filled, stopPrice, limitPrice }) => ({
    ...{ clientOrderId, strategy, symbol, role, state, quantity: quantity.toFixed(), filled: filled.toFixed() },
    price: (stopPrice ?? limitPrice)?.toFixed() ?? null,
  }));
  return { ...venue, orders };
}

function describe({
  process: holder,
  silentSince: silent,
  status,
  health,
  now,
  control,
  time,
  equity,
  decisions,
  trades,
  positions,
  venue,
  faults,
}: ReturnType<typeof engineFacts>): string {
  const strategies = (status?.strategies ?? []).map(({ id, stage, tree, status: sync, reason }) =>
    `  ${id} ${stage ?? ''} ${tree?.slice(0, 12) ?? 'nothing'} ${sync} ${reason}`.trimEnd(),
  );
  return [
    holderLine(holder, silent),
    `${status?.status ?? 'It has not said how it is'} at ${status?.commit?.slice(0, 12) ?? 'nothing'}, ${orderLine(control)}. ${status?.reason ?? ''}`.trimEnd(),
    ...strategies,
    `Market time ${time === null ? 'none yet' : new Date(time).toISOString()}, equity ${equity?.toFixed(2) ?? 'none yet'}, ${decisions} decisions, ${trades} trades.`,
    ...positions.map(
      ({ strategy, symbol, quantity, entryPrice }) => `  holds ${quantity} ${symbol} at ${entryPrice} (${strategy})`,
    ),
    ...(venue === null ? [] : [`Orders go to ${venue.name}, account ${venue.account}.`]),
    ...(health?.venue == null ? [] : venueLines(health.venue, now, control.mode === 'flattening')),
    ...(venue?.orders ?? []).map(
      ({ role, strategy, symbol, state, quantity, filled, price }) =>
        `  ${role} ${quantity} ${symbol}${price === null ? '' : ` at ${price}`}, ${state}, ${filled} filled (${strategy})`,
    ),
    ...(health?.bars == null ? [] : barLines(health.bars, now, health.venue !== null)),
    ...faults.map(({ strategy, code, message }) => `  fault of ${strategy}: ${message} [${code}]`),
  ].join('\n');
}

function orderLine({ mode, by, at, reason }: Control): string {
  if (at === initialControl.at && by === initialControl.by) return mode;
  return `${mode} since ${at} by ${visible(by)}${reason === '' ? '' : ` (${visible(reason)})`}`;
}

function holderLine(holder: ReturnType<typeof lockHolder>, silent: number | null): string {
  if (holder === null) return 'The engine does not run.';
  if (holder === 'unknown') return 'The engine is starting.';
  const silence = silent === null ? '' : ` Nothing was heard of it since ${new Date(silent).toISOString()}: it may hang.`;
  return `The engine runs as process ${holder.pid} since ${holder.since}.${silence}`;
}
