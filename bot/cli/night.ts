import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { HINT_LENGTH_MAX, type Hint } from '#bot/evidence/ledger.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { installedApp } from '#bot/github/app-client.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import { takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { RatchetError } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { NotingApi } from './actions/noting-api.ts';
import { ALL_CORES } from './all-cores.ts';
import { type BotSettings, remoteUrlOf, repositoryNameOf } from './bot/settings.ts';
import { loadBotSettings } from './config.ts';
import { gateToolsFor } from './gate-tools.ts';
import { BOT_PERSON } from './identity.ts';
import { nightHere } from './night/night-here.ts';
import { requireModel } from './night/thinkers.ts';
import * as option from './option-parsers.ts';
import { createReporter } from './up/reporter.ts';
import { type Workspace, workspaceAt } from './up/workspace.ts';

interface NightFlags
  extends Partial<
    Pick<BotSettings, 'repository' | 'proposer' | 'workspace' | 'credentials' | 'apiUrl' | 'remoteUrl' | 'candles'>
  > {
  config?: string;
  strategy: string;
  trials: number;
  workers: number;
  asOf?: number;
  hint?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `ratchet night`: one nightly cycle against the repository on GitHub. */
export function nightCommand(): Command {
  return new Command('night')
    .description(
      'Run one nightly cycle for one strategy: observe, decide, search, examine, and propose at most one pull request. Run again after a kill, it goes on to the same end.',
    )
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--repository <owner/name>', 'the repository')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--remote-url <url>', 'where git fetches from and pushes to (default: what goes with the API)')
    .option('--candles <dir>', "the candle store (default: the workspace's)")
    .option('--strategy <id>', 'the strategy it looks at', 'ema-cross')
    .option('--proposer <who>', 'who thinks: evolution, claude, or both (default: evolution, or as the settings say)')
    .option('--trials <n>', 'configurations it may try', option.trials, 60)
    .option('--workers <n>', 'sandboxes at once (default: one for each core)', option.workers, ALL_CORES)
    .option('--as-of <time>', 'market time up to which it looks (default: as far as the engine has come)', option.utcTime)
    .option('--hint <text>', 'a wish, written into the ledger as what you said, and obeyed by nobody')
    .option('--dry-run', 'do all of it on a copy, and write nothing outside of this machine')
    .option('--json', 'print one JSON object')
    .action(async ({ config, strategy, trials, workers, asOf, hint, dryRun, json, ...flags }: NightFlags, command: Command) => {
      const settings = loadBotSettings(flags, process.env, config);
      if (hint !== undefined && hint.length > HINT_LENGTH_MAX)
        throw new RatchetError('night/usage', `The hint has ${hint.length} characters.`, `At most ${HINT_LENGTH_MAX}.`);
      const report = await night(settings, command, {
        strategy,
        trials,
        workers,
        asOf: asOf ?? null,
        hint: hint === undefined || hint.trim() === '' ? null : { by: userInfo().username, text: hint.trim(), isTold: true },
        isDry: dryRun === true,
      });
      console.log(json === true ? JSON.stringify({ ...report, isDry: dryRun === true }) : describe(report, dryRun === true));
    });
}

interface NightPlan {
  readonly strategy: string;
  readonly trials: number;
  readonly workers: number;
  readonly asOf: number | null;
  readonly hint: Hint | null;
  readonly isDry: boolean;
}

async function night(settings: BotSettings, command: Command, { isDry, ...plan }: NightPlan): Promise<NightReport> {
  const name = repositoryNameOf(settings);
  const thinkers = { proposer: settings.proposer, model: takeModelAccess(settings, process.env) };
  requireModel(thinkers);
  const workspace = workspaceAt(settings.workspace);
  const credentials = loadCredentials(settings.credentials ?? join(workspace.root, 'github'), process.env);
  const app = await installedApp({ apiUrl: settings.apiUrl, ...credentials }, name);
  const mirror = await Repository.openMirror({
    dir: join(workspace.root, 'night', 'mirror.git'),
    remoteUrl: settings.remoteUrl ?? remoteUrlOf(settings.apiUrl, name),
    authorization: async () => basicAuthorization('x-access-token', await app.pushToken()),
  });
  const work = (repository: Repository, api: RepositoryApi, worktrees: string): Promise<NightReport> =>
    withState(repository, (state) =>
      nightHere({
        ...plan,
        thinkers,
        repository,
        state,
        api,
        workspace: { ...workspace, worktrees },
        worktreeDays: settings.worktreeDays,
        searchMs: settings.nightMinutes * 60_000,
        candlesDir: resolve(settings.candles ?? workspace.candles),
        tools: gateToolsFor(command, {}),
        log: createLog(settings.logLevel),
        clock: Date.now,
        progress: createReporter(process.stderr),
      }),
    );
  if (!isDry) return work(mirror, app.api, workspace.worktrees);
  return onCopy(mirror, workspace, (copy, worktrees) => work(copy, new NotingApi(app.client, name), worktrees));
}

async function withState<T>(repository: Repository, work: (state: StateBranch) => Promise<T>): Promise<T> {
  await repository.fetch();
  return work(await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now }));
}

/** What is pushed from the copy goes into the mirror's own throw-away double, and no further. */
async function onCopy<T>(
  mirror: Repository,
  workspace: Workspace,
  work: (copy: Repository, worktrees: string) => Promise<T>,
): Promise<T> {
  await mirror.fetch();
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-dry-night-'));
  try {
    const double = join(dir, 'double.git');
    const copied = await Repository.openMirror({ dir: double, remoteUrl: join(workspace.root, 'night', 'mirror.git') });
    await copied.fetch();
    return await work(await Repository.openMirror({ dir: join(dir, 'work.git'), remoteUrl: double }), join(dir, 'worktrees'));
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

function describe({ cycle, decision, reason, trials, pullRequest }: NightReport, isDry: boolean): string {
  const proposed = pullRequest === null ? '' : isDry ? ' It would have opened a pull request.' : ` ${pullRequest.url}`;
  const dry = isDry ? ' Nothing of it was kept.' : '';
  return `Night ${cycle}: ${decision} after ${trials} trials. ${visible(reason)}${proposed}${dry}`;
}
