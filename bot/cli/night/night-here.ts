import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_HELP } from '#bot/commands/index.ts';
import { openContext } from '#bot/gates/context.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { runAllGates } from '#bot/gates/run-gates.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import type { NightOptions, NightReport } from '#bot/orchestrator/night-options.ts';
import { publishedTruth } from '#bot/orchestrator/observe.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import type { Logger } from '#engine/log.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { type EngineReport, parseReport, reportPath } from '#engine/runtime/report.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { BOT_PERSON } from '../identity.ts';
import type { Workspace } from '../up/workspace.ts';
import { type ThinkerSettings, withThinkers } from './thinkers.ts';

/** Seeds stay below this, so that they are exact in every file they are written into. */
const SEEDS = 1_000_000_007;

export interface NightHere
  extends Pick<
    NightOptions,
    | 'strategy'
    | 'trials'
    | 'workers'
    | 'worktreeDays'
    | 'searchMs'
    | 'repository'
    | 'state'
    | 'api'
    | 'hint'
    | 'askedIn'
    | 'progress'
  > {
  readonly workspace: Workspace;
  readonly thinkers: ThinkerSettings;
  readonly candlesDir: string;
  /** Market time up to which it looks; null for as far as the engine has come. UTC milliseconds. */
  readonly asOf: number | null;
  readonly tools: GateTools;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * One night against a repository on GitHub. What the strategy has done comes from the engine's own store when it runs on this
 * workspace, and otherwise from what it publishes on the state branch.
 * @throws RatchetError `engine/locked` while another night runs on this workspace: it would take that one for a night left unfinished
 */
export async function nightHere(options: NightHere): Promise<NightReport> {
  const { strategy, trials, workers, repository, state, api, hint, askedIn, progress, workspace, tools, log, clock } = options;
  const dir = join(workspace.root, 'night');
  mkdirSync(dir, { recursive: true });
  const lock = acquireLock(dir, clock);
  const candles = CandleStore.openExisting(options.candlesDir);
  const reader = existsSync(enginePaths(workspace.engine).status) ? openReader(workspace.engine) : null;
  try {
    await state.reload();
    const report = await publishedReport(state);
    const asOf = options.asOf ?? reader?.lastFeedTime() ?? report?.asOf ?? clock();
    // That a gate refuses a canary is what it is for, and no news to whoever reads the log.
    const quiet = log.child({}, { level: 'silent' });
    const place = { dir: workspace.bot, clock, log };
    return await withThinkers(options.thinkers, place, (thinkers) =>
      runNight({
        strategy,
        asOf,
        // Another night, another seed: the same search again would teach nothing.
        seed: asOf % SEEDS,
        trials,
        workers,
        thinkers,
        worktrees: workspace.worktrees,
        ...(options.searchMs === undefined ? {} : { searchMs: options.searchMs }),
        ...(options.worktreeDays === undefined ? {} : { worktreeDays: options.worktreeDays }),

        hint,
        askedIn: askedIn ?? null,
        repository,
        state,
        api,
        candles,
        truth: (id, tree, until) => reader?.truth(id, tree, until, clock()) ?? publishedTruth(report, id, tree),
        record: reader === null ? null : workspace.engine,
        author: BOT_PERSON,
        prove: async (change) => runAllGates(await openContext({ ...change, log: quiet }), () => {}, tools),
        forge: 'github',
        commands: COMMAND_HELP,
        progress,
      }),
    );
  } finally {
    reader?.close();
    candles.close();
    lock.release();
  }
}

async function publishedReport(state: NightOptions['state']): Promise<EngineReport | null> {
  const text = await state.readText(reportPath);
  return text === null ? null : parseReport(text);
}
