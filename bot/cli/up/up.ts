import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { MARKETS_PATH, MarketCosts } from '#bot/evidence/market-costs.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import type { Progress } from '#bot/orchestrator/progress.ts';
import type { RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { type ModelAccess, takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { createLog, type Logger } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { type Config, loadConfig } from '../config.ts';
import { gateToolsFor } from '../gate-tools.ts';
import { BOT_PERSON } from '../identity.ts';
import { requireModel } from '../night/thinkers.ts';
import * as option from '../option-parsers.ts';
import { DailyForward } from '../readiness/daily-forward.ts';
import { repairToolsFor } from '../repair.ts';
import { RATCHET_COMMAND, startBot } from '../start-bot.ts';
import { EngineProcess } from './engine-process.ts';
import { openWorkspace } from './open-workspace.ts';
import { describeDataset, type Market, prepareMarket } from './prepare-market.ts';
import { refuseBadSource } from './refuse-bad-source.ts';
import { createReporter } from './reporter.ts';
import { seedRepository } from './seed-repository.ts';
import { Settlements } from './settlements.ts';
import { type LocalForge, startLocalForge } from './start-forge.ts';
import { wantsOfStrategies } from './strategy-wants.ts';
import { renderSummary, summarise } from './summary.ts';
import { untilRunning, untilSynced } from './until.ts';
import { OWNER, REPOSITORY, type Workspace, workspaceAt } from './workspace.ts';
import { NIGHTS_LOOK_AT, WorkspaceNights } from './workspace-nights.ts';

/** What the command line may say; what it leaves open the environment, the file or the defaults say. */
interface UpFlags extends Partial<Omit<Config, 'paceMs' | 'logLevel' | 'autonomy' | 'people' | 'keep'>> {
  config?: string;
  pace?: number;
  autonomy?: string;
  person: Record<string, string>;
  once?: boolean;
  json?: boolean;
}

/** All that a run needs to know. */
interface UpSettings extends Config {
  readonly once: boolean;
  readonly json: boolean;
}

/** What a shell expects of a program that Ctrl-C ended before it was done. */
const EXIT_INTERRUPTED = 130;
/** When nobody says otherwise. */
const SEED = 7;
/** Paper money. */
const CAPITAL = 10_000;
/** The paper trading that has happened before a workspace's first night: a month of hours. */
const CATCH_UP_BARS = 720;
const POLL_MS = 500;
const ENGINE_TIMEOUT_MS = 120_000;

/** The checkout this program runs from. */
const SOURCE = fileURLToPath(new URL('../../../', import.meta.url));

/** `ratchet up`: the whole loop on one machine. */
export function upCommand(): Command {
  return new Command('up')
    .description('Run everything here: forge, engine, one night, gates, merge; then stay up and trade the replayed market.')
    .option(
      '--config <file>',
      'settings in YAML (default: ratchet.yaml, if there is one); RATCHET_… in the environment and flags override it',
    )
    .option('--workspace <dir>', 'where everything is kept (default: var)')
    .option('--data <path>', 'candles to import, a file or a folder; without it the market is simulated')
    .option('--venue <name>', 'whose candles, when several venues have them')
    .option('--seed <n>', `the same seed and data give the same decision, tree and evidence (default: ${SEED})`, option.seed)
    .option('--proposer <who>', 'who thinks: evolution, claude, or both (default: evolution, or as the settings say)')
    .option('--trials <n>', 'configurations the night may try (default: 60)', option.trials)
    .option('--workers <n>', 'sandboxes at once (default: one for each core)', option.workers)
    .option('--port <n>', "the forge's port; 0 takes a free one (default: 7411)", option.port)
    .option('--pace <ms>', 'time between two replayed bars (default: 250)', option.pace)
    .option('--person <login=permission>', 'another account on the forge, such as ada=triage; may be repeated', option.person, {})
    .option(
      '--autonomy <level>',
      'of a new workspace: observe, propose (you merge), or merge-paper (default: as policies/autonomy.yaml says)',
    )
    .option('--once', 'end after the loop')
    .option('--json', 'print one JSON object as the last line')
    .action(({ config, once = false, json = false, pace, person, ...flags }: UpFlags, command: Command) =>
      up(
        {
          ...loadConfig(
            { ...flags, paceMs: pace, ...(Object.keys(person).length === 0 ? {} : { people: person }) },
            process.env,
            config,
          ),
          once,
          json,
        },
        { gates: gateToolsFor(command, {}), repair: repairToolsFor(command, {}) },
      ),
    );
}

/** Scanners and whom they ask. */
interface UpTools {
  readonly gates: GateTools;
  readonly repair: RepairTools;
}

type Closing = (() => Promise<void> | void)[];

async function up(settings: UpSettings, tools: UpTools): Promise<void> {
  const model = takeModelAccess(settings, process.env);
  requireModel({ proposer: settings.proposer, model });
  const isNew = !existsSync(workspaceAt(settings.workspace).market);
  if (isNew) refuseBadSource({ data: settings.data, venue: settings.venue, costs: marketCosts() });
  const { workspace, close: letGo } = openWorkspace(settings.workspace, Date.now);
  const closing: Closing = [letGo];
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  const loop = runLoop(settings, model, tools, workspace, closing);
  let outcome: 'done' | 'interrupted';
  try {
    outcome = await Promise.race([loop.then(() => 'done' as const), interrupted]);
    if (outcome === 'done' && !settings.once) await interrupted;
  } finally {
    // What the loop was in the middle of fails when its parts go away; the next start takes it up again.
    loop.catch(() => {});
    for (const close of closing.reverse()) await close();
  }
  if (outcome === 'interrupted') {
    console.error('ratchet: interrupted; npm start goes on from here.');
    process.exit(EXIT_INTERRUPTED);
  }
}

/** Everything up to the summary. What was started stands in `closing`, to be ended in reverse. */
async function runLoop(
  settings: UpSettings,
  model: ModelAccess | null,
  tools: UpTools,
  workspace: Workspace,
  closing: Closing,
): Promise<void> {
  const report = createReporter(process.stderr);
  const log = createLog(settings.logLevel);
  const candles = CandleStore.open(workspace.candles);
  closing.push(() => candles.close());
  const market = await openMarket(settings, workspace, candles, report);

  const local = await startLocalForge(workspace, settings, log);
  closing.push(() => local.forge.close());
  await seed(workspace, local, market, settings.autonomy);
  local.protect();
  report({ kind: 'done', phase: 'forge', message: `${local.forge.url}/${REPOSITORY.owner}/${REPOSITORY.name}` });

  const { trials, workers, worktreeDays } = settings;
  const nights = new WorkspaceNights({
    workspace,
    candles,
    tools: tools.gates,
    trials,
    workers,
    worktreeDays,
    searchMs: settings.nightMinutes * 60_000,
    thinkers: { proposer: settings.proposer, model },
    log,
    progress: report,
  });
  const settlements = new Settlements();
  const shown = new DailyForward(workspace, Date.now);
  const bot = await startBot({
    identity: local.identity,
    repositoryName: REPOSITORY,
    remoteUrl: local.remoteUrl,
    forge: 'embedded',
    dir: workspace.bot,
    candlesDir: workspace.candles,
    gateKey: workspace.gateKey,
    port: 0,
    log,
    progress: report,
    onSettled: (settlement) => settlements.add(settlement),
    model,
    night: (parts, request) => nights.holdFor(parts, request),
    shown: (parts) => shown.publish(parts),
    ...(settings.nights === undefined ? {} : { nightly: { schedule: settings.nights, strategy: async () => NIGHTS_LOOK_AT } }),
    repair: tools.repair,
  });
  closing.push(() => bot.close());
  local.connect(bot.webhookUrl);

  const engine = engineFor(settings, workspace, local, market, log);
  closing.push(() => engine.stop());
  engine.start();
  const asOf = await engine.caughtUp(ENGINE_TIMEOUT_MS);
  const before = await untilSynced(workspace.engine, ENGINE_TIMEOUT_MS);
  const until = new Date(asOf).toISOString().slice(0, 10);
  report({
    kind: 'done',
    phase: 'engine',
    message: `${before.status} at ${before.commit?.slice(0, 8)}, paper trading up to ${until}`,
  });

  const startedAt = Date.now();
  const night = await nights.hold(
    { repository: bot.repository, state: bot.state, api: bot.app.api },
    { asOf, seed: market.evaluation.seed, hint: null },
  );
  const nightSeconds = (Date.now() - startedAt) / 1000;

  await bot.catchUp();
  await bot.idle();
  const number = night.pullRequest?.number ?? settlements.last?.number ?? null;
  const pull = number === null ? null : await bot.app.api.pullRequest(number);
  if (pull?.mergeCommit != null) {
    report({ kind: 'phase', phase: 'engine', message: `taking up ${pull.mergeCommit.slice(0, 8)}` });
    const after = await untilRunning(workspace.engine, pull.mergeCommit, ENGINE_TIMEOUT_MS);
    report({
      kind: 'done',
      phase: 'engine',
      message: `${after.status} at ${after.commit?.slice(0, 8)}, trading the new version`,
    });
  }

  const reader = openReader(workspace.engine);
  const summary = summarise({
    market,
    night,
    nightSeconds,
    pullRequest:
      pull === null
        ? null
        : {
            number: pull.number,
            url: pull.url,
            branch: pull.headRef,
            head: pull.headSha,
            merged: pull.isMerged,
            mergeCommit: pull.mergeCommit,
          },
    gates: number === null ? {} : (settlements.of(number)?.gates ?? {}),
    engine: await untilSynced(workspace.engine, ENGINE_TIMEOUT_MS),
    counts: reader.counts(),
    equity: reader.equity() ?? CAPITAL,
    // Each strategy has an account of its own.
    capital: CAPITAL * Math.max(1, reader.accounts().length),
  });
  reader.close();
  console.error(renderSummary(summary, market));
  const others = Object.keys(settings.people)
    .map((login) => `  Sign in as ${login}: ${local.forge.loginUrl(login)}\n`)
    .join('');
  if (!settings.once)
    console.error(
      `  The engine trades on. Sign in as the owner: ${local.forge.loginUrl(OWNER)}\n${others}  Stop with Ctrl-C; npm start goes on from here.\n`,
    );
  if (settings.json) console.log(JSON.stringify(summary));
}

function marketCosts(): MarketCosts {
  return parsePolicy(MARKETS_PATH, readFileSync(join(SOURCE, MARKETS_PATH), 'utf8'), MarketCosts);
}

async function openMarket(settings: UpSettings, workspace: Workspace, candles: CandleStore, report: Progress): Promise<Market> {
  report({ kind: 'phase', phase: 'data', message: settings.data ?? 'the simulated market' });
  const market = prepareMarket(
    candles,
    {
      path: workspace.market,
      data: settings.data,
      venue: settings.venue,
      seed: settings.seed,
      defaultSeed: SEED,
      capital: CAPITAL,
      wants: await wantsOfStrategies(join(SOURCE, 'strategies')),
      costs: marketCosts(),
    },
    (message) => report({ kind: 'done', phase: 'data', message }),
  );
  report({ kind: 'done', phase: 'data', message: describeDataset(market.evaluation.dataset) });
  return market;
}

/** The first commit is the owner's, pushed with the owner's token; the mirror it is made in is the bot's. */
async function seed(workspace: Workspace, local: LocalForge, market: Market, autonomy: Config['autonomy']): Promise<void> {
  const repository = await Repository.openMirror({
    dir: workspace.mirror,
    remoteUrl: local.remoteUrl,
    authorization: () => basicAuthorization(OWNER, local.ownerToken),
  });
  await seedRepository({
    source: SOURCE,
    repository,
    state: await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now }),
    evaluation: market.evaluation,
    gateKey: workspace.gateKey,
    ownerKey: workspace.ownerKey,
    author: { name: OWNER, email: `${OWNER}@localhost` },
    clock: Date.now,
    autonomy,
  });
}

function engineFor(settings: UpSettings, workspace: Workspace, local: LocalForge, market: Market, log: Logger): EngineProcess {
  return new EngineProcess({
    command: RATCHET_COMMAND,
    log,
    options: {
      dir: workspace.engine,
      remoteUrl: local.remoteUrl,
      token: local.engineToken,
      candlesDir: workspace.candles,
      market: { dataset: market.dataset, replayFrom: market.replayFrom, markets: market.evaluation.markets },
      capital: CAPITAL,
      catchUpBars: CATCH_UP_BARS,
      paceMs: settings.paceMs,
      pollMs: POLL_MS,
      keep: settings.keep,
    },
  });
}
