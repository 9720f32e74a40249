import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import { LONG_PAUSES_MS } from '#bot/github/job-queue.ts';
import { nextDue } from '#bot/orchestrator/night-schedule.ts';
import type { Progress } from '#bot/orchestrator/progress.ts';
import type { RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { whoseNight } from '#bot/orchestrator/whose-night.ts';
import { takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { loadPrivateKey } from '#engine/attestation/keys.ts';
import { createLog, type Logger } from '#engine/log.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { ALL_CORES } from '../all-cores.ts';
import { loadBotSettings } from '../config.ts';
import { gateToolsFor } from '../gate-tools.ts';
import { nightHere } from '../night/night-here.ts';
import { requireModel } from '../night/thinkers.ts';
import * as option from '../option-parsers.ts';
import { DailyForward } from '../readiness/daily-forward.ts';
import { repairToolsFor } from '../repair.ts';
import { type Bot, type NightParts, startBot } from '../start-bot.ts';
import { workspaceAt } from '../up/workspace.ts';
import { type BotSettings, listenAt, remoteUrlOf, repositoryNameOf } from './settings.ts';

interface ServeFlags extends Partial<Omit<BotSettings, 'pollSeconds' | 'logLevel'>> {
  config?: string;
  poll?: string;
}

/** `ratchet bot serve`: the bot against GitHub, until it is stopped. */
export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Run the bot for one repository until it is stopped: hears webhooks, looks by itself, proves pull requests, answers comments. Needs the App that ratchet bot setup makes.',
    )
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one); RATCHET_… and flags override it')
    .option('--repository <owner/name>', 'the repository it works for')
    .option('--workspace <dir>', 'where queue, mirror, candles and keys are kept (default: var)')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root, for GitHub Enterprise or an embedded forge (default: GitHub's)")
    .option('--remote-url <url>', 'where git fetches from (default: what goes with the API)')
    .option('--listen <host:port>', 'where webhooks arrive; port 0 takes a free one (default: 127.0.0.1:7412)')
    .option('--poll <seconds>', 'how often to look beside webhooks; 0 leaves it to them (default: 30)', option.pollSeconds)
    .option('--candles <dir>', "the candle store (default: the workspace's)")
    .option('--gate-key <file>', "the gate's private key (default: keys/gate.pem in the workspace)")
    .action(async ({ config, poll, ...flags }: ServeFlags, command: Command) => {
      await serve(
        loadBotSettings({ ...flags, pollSeconds: poll }, process.env, config),
        gateToolsFor(command, {}),
        repairToolsFor(command, {}),
      );
    });
}

async function serve(settings: BotSettings, tools: GateTools, repair: RepairTools): Promise<void> {
  const repositoryName = repositoryNameOf(settings);
  const workspace = workspaceAt(settings.workspace);
  const credentials = loadCredentials(settings.credentials ?? join(workspace.root, 'github'), process.env);
  const gateKey = resolve(settings.gateKey ?? workspace.gateKey);
  // Found out now, and not at the first pull request.
  await loadPrivateKey(gateKey);
  const model = takeModelAccess(settings, process.env);
  const thinkers = { proposer: settings.proposer, model };
  requireModel(thinkers);
  const log = createLog(settings.logLevel);
  const candlesDir = resolve(settings.candles ?? workspace.candles);
  if (!existsSync(candlesDir))
    log.warn({ candlesDir }, 'There are no candles, so the backtest gate cannot look. See ratchet data.');
  mkdirSync(workspace.bot, { recursive: true });
  // A second bot on the same queue would take up again what the first is doing.
  const lock = acquireLock(workspace.bot, Date.now);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  let bot: Bot | null = null;
  try {
    const shown = new DailyForward({ ...workspace, candles: candlesDir }, Date.now);
    bot = await startBot({
      identity: { apiUrl: settings.apiUrl, ...credentials },
      repositoryName,
      remoteUrl: settings.remoteUrl ?? remoteUrlOf(settings.apiUrl, repositoryName),
      // Even on a forge of this machine: who installs an App wants what GitHub's level allows.
      forge: 'github',
      dir: workspace.bot,
      candlesDir,
      gateKey,
      ...listenAt(settings),
      ...(settings.pollSeconds === 0 ? {} : { pollEveryMs: settings.pollSeconds * 1000 }),
      pausesMs: LONG_PAUSES_MS,
      model,
      repair,
      log,
      progress: loggedProgress(log),
      onSettled: ({ number, sentence }) => log.info({ number }, sentence),
      ...(settings.nights === undefined ? {} : { nightly: { schedule: settings.nights, strategy: whoseTurn } }),
      shown: (parts) => shown.publish(parts),
      night: (parts, { strategy, hint, askedIn, say }) =>
        nightHere({
          ...parts,
          ...EVOLVE,
          worktreeDays: settings.worktreeDays,
          searchMs: settings.nightMinutes * 60_000,
          strategy,
          hint,
          askedIn,
          asOf: null,
          workspace,
          thinkers,
          candlesDir,
          tools,
          log,
          clock: Date.now,
          progress: (step) => {
            loggedProgress(log)(step);
            // What a night has come to is worth a word, and not worth a failure.
            if (step.kind === 'done') say(`${step.phase}: ${step.message}`).catch(() => undefined);
          },
        }),
    });
    const looks = settings.pollSeconds === 0 ? 'hears webhooks only' : `looks every ${settings.pollSeconds} s`;
    const { owner, name } = repositoryName;
    console.error(
      `ratchet: ${bot.app.login} works for ${owner}/${name}, listens on ${bot.webhookUrl} and ${looks}.${nextNight(settings)}`,
    );
    // What could not be caught up with now is seen by the next look, or the next start.
    bot.catchUp().catch((error: unknown) => log.warn({ err: error }, 'Open pull requests could not be looked through.'));
    await stopped;
  } finally {
    await bot?.close();
    lock.release();
  }
}

async function whoseTurn({ repository, state }: NightParts): Promise<string> {
  await repository.fetch();
  await state.reload();
  return whoseNight(repository, await repository.require('main'), state);
}

/** What a night may take when a comment asks for it. */
const EVOLVE = { trials: 60, workers: ALL_CORES } as const;

/** For whoever starts it and wonders whether the time zone is the one they meant. */
function nextNight({ nights }: BotSettings): string {
  const next = nights === undefined ? null : nextDue(nights, Date.now());
  return next === null ? '' : ` The next night begins at ${new Date(next).toISOString()}.`;
}

function loggedProgress(log: Logger): Progress {
  const bot = log.child({ room: 'bot' });
  return (event) => {
    if (event.kind !== 'step') bot.info({ phase: event.phase }, event.message);
  };
}
