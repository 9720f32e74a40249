import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Argument, Command } from 'commander';
import type { z } from 'zod';
import { visible } from '#bot/evidence/markdown.ts';
import { systemClock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import { AcceptRequest, isAcceptancePending, requestAcceptance } from '#engine/runtime/accept-request.ts';
import { Control, ControlMode, giveOrderHere, isSameOrder } from '#engine/runtime/control.ts';
import { clockOfFolder } from '#engine/runtime/kept-pace.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { tradedVenueIn } from '#engine/runtime/real-money.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { requireWorkspace } from './engine-record.ts';

interface OrderFlags {
  workspace: string;
  reason?: string;
  by?: string;
  json?: boolean;
}

/** How long an engine may take to obey before the command says that it has not. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 100;

const ORDERS: readonly { readonly verb: string; readonly mode: ControlMode; readonly description: string }[] = [
  { verb: 'pause', mode: 'paused', description: 'No new entries; what waits stands, what is held stays with its strategy.' },
  { verb: 'resume', mode: 'active', description: 'Trade again; ends whatever held the engine back, a breach too.' },
  { verb: 'reduce', mode: 'reducing', description: 'No entries, waiting ones withdrawn, every position closed.' },
  { verb: 'flatten', mode: 'flattening', description: 'As reduce, and what is held at a venue is sold now.' },
  { verb: 'halt', mode: 'halted', description: 'No entries, waiting ones withdrawn at once; strategies may exit.' },
];

/** `ratchet engine pause|resume|reduce|flatten|halt`: orders given on the engine's own machine, which need nobody else to be reachable. */
export function orderCommands(): Command[] {
  const verbs = ORDERS.map(({ verb, mode, description }) =>
    ordering(new Command(verb).description(description)).action((flags: OrderFlags) => order(mode, flags)),
  );
  const transition = ordering(
    new Command('transition')
      .description('The same by the mode’s name, as the status has it.')
      .addArgument(new Argument('<mode>', 'the mode to go to').choices(ControlMode.options)),
  ).action((mode: ControlMode, flags: OrderFlags) => order(mode, flags));
  return [...verbs, transition];
}

function ordering(command: Command): Command {
  return command
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--reason <text>', 'why; it stands in the record and in the status')
    .option('--by <name>', 'who says so; the user of this machine without it')
    .option('--json', 'one JSON object');
}

async function order(mode: ControlMode, flags: OrderFlags): Promise<void> {
  const { engine: dir } = requireWorkspace(flags.workspace);
  const given = orderOf(mode, flags, timeOf(dir));
  giveOrderHere(dir, given);
  const isObeyed = await waitUntilObeyed(dir, given);
  if (flags.json === true) console.log(JSON.stringify({ order: given, isObeyed }));
  else if (isObeyed) console.log(`The engine obeys: ${mode}, as ${visible(given.by)} said.`);
  else console.log(`No engine runs here. It will obey when it starts: ${mode}, as ${visible(given.by)} said.`);
}

/** `ratchet engine accept SYMBOL`: ends a freeze, once a person has found out what could not be explained. */
export function acceptCommand(): Command {
  return new Command('accept')
    .description('Take a venue account’s holding of a symbol as it is: trading it goes on, from what is really there.')
    .argument('<symbol>', 'the frozen symbol, BTC/USD')
    .requiredOption('--reason <text>', 'what explains it; it stands in the record')
    .option('--by <name>', 'who says so; the user of this machine without it')
    .option('--workspace <dir>', 'the workspace', 'var')
    .action(async (symbol: string, { workspace, by, reason }: { workspace: string; by?: string; reason: string }) => {
      const { engine: dir } = requireWorkspace(workspace);
      if (lockHolder(dir) === null) {
        throw new RatchetError('engine/not-running', 'No engine runs here, and only it can ask the venue.', 'Start it first.');
      }
      const frozen = frozenSymbols(dir);
      if (!frozen.includes(symbol)) {
        const which = frozen.length === 0 ? 'Nothing is.' : `These are: ${frozen.join(', ')}.`;
        throw new RatchetError('engine/not-frozen', `${symbol} is not frozen.`, which, { symbol });
      }
      requestAcceptance(dir, acceptanceOf(symbol, reason, by));
      for (let waited = 0; isAcceptancePending(dir); waited += LOOK_EVERY_MS) {
        if (waited >= PATIENCE_MS) throw notTaken('accept');
        await delay(LOOK_EVERY_MS);
      }
      if (frozenSymbols(dir).includes(symbol)) {
        throw new RatchetError(
          'engine/still-frozen',
          `${symbol} is still frozen: the venue did not answer, or something else is not explained.`,
          'Look at ratchet engine status.',
          { symbol },
        );
      }
      console.log(`${visible(symbol)} is traded again, from what the account really holds.`);
    });
}

function timeOf(dir: string): number {
  try {
    return clockOfFolder(dir).now();
  } catch (error) {
    // A record that cannot be read is a reason to give an order, and none to refuse it.
    if (!(error instanceof RatchetError)) throw error;
    return systemClock.now();
  }
}

function orderOf(mode: ControlMode, { by, reason }: OrderFlags, now: number): Control {
  const at = new Date(now).toISOString();
  const parsed = Control.safeParse({ mode, by: by ?? userInfo().username, at, reason: reason ?? '' });
  return parsed.success ? parsed.data : badOrder(parsed.error);
}

function acceptanceOf(symbol: string, reason: string, by: string | undefined): AcceptRequest {
  const parsed = AcceptRequest.safeParse({ symbol, by: by ?? userInfo().username, reason });
  return parsed.success ? parsed.data : badOrder(parsed.error);
}

function badOrder({ issues }: z.ZodError): never {
  const issue = issues[0]!;
  throw new RatchetError(
    'engine/bad-order',
    `${issue.path.join('.')}: ${issue.message}.`,
    'Say it differently; nothing was ordered.',
  );
}

/** False where no engine runs. @throws RatchetError `engine/not-obeyed` where one runs and does not take the order up */
async function waitUntilObeyed(dir: string, order: Control): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
    if (lockHolder(dir) === null) return false;
    const status = readLocalStatus(dir);
    if (status !== null && isSameOrder(status.control, order)) return true;
    await delay(LOOK_EVERY_MS);
  }
  throw notTaken(order.mode);
}

function notTaken(order: string): RatchetError {
  return new RatchetError(
    'engine/not-obeyed',
    `The engine has not taken up the order within ${PATIENCE_MS / 1000} seconds; it stands, and is met as soon as the engine looks.`,
    'Look at ratchet engine status; where nothing else helps, stop its process: protective orders at a venue stay there.',
    { order },
  );
}

/** Of the account that is traded on now: what an earlier one left behind nobody can ask about any more. */
function frozenSymbols(dir: string): string[] {
  const reader = openReader(dir);
  try {
    const traded = tradedVenueIn(reader)?.account;
    const journals = reader.journals().filter(({ account }) => account === traded);
    const open = journals.flatMap((journal) => journal.freezes().filter(({ acceptedAt }) => acceptedAt === null));
    return [...new Set(open.map(({ symbol }) => symbol))];
  } finally {
    reader.close();
  }
}
