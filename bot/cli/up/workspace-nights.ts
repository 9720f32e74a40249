import type { NightRequest } from '#bot/commands/command.ts';
import { COMMAND_HELP } from '#bot/commands/index.ts';
import { openContext } from '#bot/gates/context.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { runAllGates } from '#bot/gates/run-gates.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import type { NightOptions, NightReport } from '#bot/orchestrator/night-options.ts';
import type { Progress } from '#bot/orchestrator/progress.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { BOT_PERSON } from '../identity.ts';
import { type ThinkerSettings, withThinkers } from '../night/thinkers.ts';
import type { NightParts } from '../start-bot.ts';
import { Turns } from './turns.ts';
import type { Workspace } from './workspace.ts';

/** The strategy that nights here look at. */
export const NIGHTS_LOOK_AT = 'ema-cross';
/** A prime below the largest seed. */
const SEEDS = 1_000_000_007;

/** What one night is about, where everything else is the workspace's. */
export type NightPlan = Pick<NightOptions, 'asOf' | 'seed' | 'hint' | 'askedIn'>;

export interface WorkspaceNightsOptions {
  readonly workspace: Workspace;
  readonly candles: CandleStore;
  readonly tools: GateTools;
  readonly trials: number;
  readonly workers: number;
  readonly worktreeDays: number;
  readonly searchMs: number;
  readonly thinkers: ThinkerSettings;
  readonly log: Logger;
  readonly progress: Progress;
}

/** Nights over the engine and the forge of one workspace, one after another. */
export class WorkspaceNights {
  readonly #options: WorkspaceNightsOptions;
  readonly #turns = new Turns();

  constructor(options: WorkspaceNightsOptions) {
    this.#options = options;
  }

  hold(parts: NightParts, plan: NightPlan, progress: Progress = this.#options.progress): Promise<NightReport> {
    return this.#turns.take(() => this.#night(parts, plan, progress));
  }

  /**
   * A night for whoever asks for one in a comment, up to where the engine has come.
   * @throws RatchetError `night/strategy` for another strategy than nights here look at, `night/too-early`
   */
  async holdFor(parts: NightParts, { strategy, hint, askedIn, say }: NightRequest): Promise<NightReport> {
    if (strategy !== NIGHTS_LOOK_AT)
      throw new RatchetError('night/strategy', `Nights here look at ${NIGHTS_LOOK_AT}.`, 'Run `ratchet night` for another.');
    const asOf = this.#lastBar();
    if (asOf === null) throw new RatchetError('night/too-early', 'The engine has seen no bar yet.', 'Ask again when it trades.');
    // Another seed than the first night's: the same search again would teach nothing.
    return this.hold(parts, { asOf, seed: asOf % SEEDS, hint, askedIn }, (step) => {
      this.#options.progress(step);
      // How far it is may be lost; what comes of it is said by whoever asked for the night.
      if (step.kind === 'done') void say(`${step.phase}: ${step.message}`).catch(() => {});
    });
  }

  async #night({ repository, state, api }: NightParts, plan: NightPlan, progress: Progress): Promise<NightReport> {
    const { workspace, candles, trials, workers, worktreeDays, searchMs, tools, log } = this.#options;
    const place = { dir: workspace.bot, clock: Date.now, log };
    const reader = openReader(workspace.engine);
    // That a gate refuses a canary is what it is for, and no news to whoever reads the log.
    const quiet = log.child({}, { level: 'silent' });
    try {
      return await withThinkers(this.#options.thinkers, place, (thinkers) =>
        runNight({
          strategy: NIGHTS_LOOK_AT,
          ...plan,
          trials,
          workers,
          thinkers,
          worktrees: workspace.worktrees,
          worktreeDays,
          searchMs,

          repository,
          state,
          api,
          candles,
          truth: (strategy, tree, until) => reader.truth(strategy, tree, until, Date.now()),
          record: workspace.engine,
          author: BOT_PERSON,
          prove: async (change) => runAllGates(await openContext({ ...change, log: quiet }), () => {}, tools),
          forge: 'embedded',
          commands: COMMAND_HELP,
          progress,
        }),
      );
    } finally {
      reader.close();
    }
  }

  /** Market time the engine has come to; null before its first bar. */
  #lastBar(): number | null {
    const reader = openReader(this.#options.workspace.engine);
    try {
      return reader.lastFeedTime();
    } finally {
      reader.close();
    }
  }
}
