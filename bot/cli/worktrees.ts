import { join } from 'node:path';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import {
  type KeptNight,
  keptNight,
  keptNights,
  type NightsFound,
  type NightsKept,
  removeNight,
  rescueNight,
} from '#bot/orchestrator/night-work/kept-nights.ts';
import { RatchetError } from '#engine/errors.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { columned } from './columned.ts';
import { loadBotSettings } from './config.ts';
import { workspaceAt } from './up/workspace.ts';

interface WorktreeFlags {
  config?: string;
  workspace?: string;
  worktreeDays?: number;
  json?: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `ratchet worktrees`: what nights have done so far, each on a worktree of the mirror. */
export function worktreesCommand(): Command {
  return new Command('worktrees')
    .description('What nights have done, stage by stage, each kept on a worktree of the mirror for a term.')
    .addCommand(
      withPlace(new Command('list').description('List them: how far each has come, and how long it is kept.')).action(list),
    )
    .addCommand(
      withPlace(new Command('show').description('Show one, stage by stage.')).argument('<cycle>', 'the night').action(show),
    )
    .addCommand(
      withPlace(new Command('rescue').description('Keep one for good, as a branch of the mirror.'))
        .argument('<cycle>', 'the night')
        .option('--branch <name>', 'how it is called below ratchet/rescue/ (default: as the night)')
        .action(rescue),
    )
    .addCommand(
      withPlace(new Command('remove').description('Take one away, with its branch.'))
        .argument('<cycle>', 'the night')
        .option('--force', 'also one that has not ended or cannot be read; what it has done is lost')
        .action(remove),
    );
}

function withPlace(command: Command): Command {
  return command
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--json', 'one JSON object');
}

async function list({ json, ...flags }: WorktreeFlags): Promise<void> {
  const { kept } = placeOf(flags);
  const found = await keptNights(kept);
  console.log(json === true ? JSON.stringify(found) : describeAll(found, kept.clock()));
}

async function show(cycle: string, { json, ...flags }: WorktreeFlags): Promise<void> {
  const { kept } = placeOf(flags);
  const night = await keptNight(kept, cycle);
  console.log(json === true ? JSON.stringify(night) : describe(night, kept.clock()));
}

async function rescue(cycle: string, { json, branch, ...flags }: WorktreeFlags & { branch?: string }): Promise<void> {
  const { kept } = placeOf(flags);
  const { mirror } = await keptNight(kept, cycle);
  const rescued = await rescueNight(kept.dir, cycle, branch ?? cycle);
  console.log(
    json === true
      ? JSON.stringify({ cycle, branch: rescued, mirror })
      : `Night ${cycle} stays as ${rescued} in ${mirror}, whatever becomes of its worktree.`,
  );
}

async function remove(cycle: string, { json, force, ...flags }: WorktreeFlags & { force?: boolean }): Promise<void> {
  const { kept, holders } = placeOf(flags);
  const holder = holders.map((folder) => lockHolder(folder)).find((found) => found !== null);
  // Which night it is that runs only its process knows; the one that is being worked on has not ended.
  if (holder !== undefined && force === true) {
    const who = holder === 'unknown' ? 'another process' : `process ${holder.pid}`;
    throw new RatchetError(
      'worktrees/busy',
      `This workspace is worked on by ${who}, which may be in the middle of this night.`,
      'Wait for its end, or stop it first.',
      { cycle, ...(holder === 'unknown' ? {} : { pid: holder.pid }) },
    );
  }
  await removeNight(kept, cycle, force === true);
  console.log(json === true ? JSON.stringify({ cycle, removed: true }) : `The worktree of night ${cycle} is gone.`);
}

/** @returns also the folders whose lock whoever holds nights has: `ratchet up` that of the workspace, everything else that of nights */
function placeOf({ config, ...flags }: Omit<WorktreeFlags, 'json'>): {
  readonly kept: NightsKept;
  readonly holders: readonly string[];
} {
  const { workspace, worktreeDays } = loadBotSettings(flags, process.env, config);
  const { root, worktrees } = workspaceAt(workspace);
  return { kept: { dir: worktrees, days: worktreeDays, clock: Date.now }, holders: [root, join(root, 'night')] };
}

function describeAll({ nights, unreadable }: NightsFound, now: number): string {
  const rows = nights.map((night) => [
    night.cycle,
    visible(night.strategy),
    night.stage ?? 'begun',
    ago(now - night.lastAt),
    night.end === null ? 'not ended' : visible(night.end.decision),
    day(night.keptUntil),
    night.rescuedAs.join(', '),
  ]);
  const header = ['Night', 'Strategy', 'Stage', 'Age', 'End', 'Kept until', 'Rescued as'];
  const table = rows.length === 0 ? 'No night has a worktree.' : columned(header, rows);
  return [table, ...unreadable.map(({ cycle, problem }) => `${cycle} cannot be read: ${visible(problem)}`)].join('\n');
}

function describe(night: KeptNight, now: number): string {
  const { cycle, strategy, branch, mirror, dir, beganAt, stages, end, keptUntil, rescuedAs } = night;
  const ending =
    end === null
      ? 'It has not ended, and goes on from there when it is run again.'
      : `It ended ${ago(now - end.at)} ago with ${visible(end.decision)}: ${visible(end.reason)}`;
  return [
    `Night ${cycle} for ${visible(strategy)} began ${ago(now - beganAt)} ago.`,
    ...stages.map(({ name, at }) => `  ${new Date(at).toISOString()}  ${name}`),
    ending,
    `It lies in ${dir}, as ${branch} of ${mirror}, and is kept until ${day(keptUntil)}.`,
    ...rescuedAs.map((rescued) => `It stays as ${rescued}.`),
  ].join('\n');
}

/** `3 d`, `5 h`, `12 min`. */
function ago(ms: number): string {
  if (ms >= DAY_MS) return `${Math.floor(ms / DAY_MS)} d`;
  return ms >= HOUR_MS ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.max(0, Math.floor(ms / MINUTE_MS))} min`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
