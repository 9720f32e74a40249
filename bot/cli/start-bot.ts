import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandRoom, NightRequest } from '#bot/commands/command.ts';
import { confirmOrders } from '#bot/commands/engine/confirm-orders.ts';
import { orderIn } from '#bot/commands/engine/order-in.ts';
import { WaitingOrders } from '#bot/commands/engine/waiting-orders.ts';
import { handleBox, handleBoxes } from '#bot/commands/handle-boxes.ts';
import { COMMAND_HELP } from '#bot/commands/index.ts';
import { KeptAnswers } from '#bot/commands/kept-answers.ts';
import { parseComment } from '#bot/commands/parse-comment.ts';
import { laneOfCommand, receiveComment, takeUpCommand } from '#bot/commands/receive-comment.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import { type AppIdentity, RatchetApp, type RepositoryName } from '#bot/github/app.ts';
import { type Job, JobQueue } from '#bot/github/job-queue.ts';
import { Poller } from '#bot/github/poll.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { type Lane, Worker } from '#bot/github/worker.ts';
import { findDashboard, keepDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';
import { readFacts } from '#bot/orchestrator/dashboard/read-facts.ts';
import { renderDashboard } from '#bot/orchestrator/dashboard/render-dashboard.ts';
import { EngineWatch } from '#bot/orchestrator/engine-watch.ts';
import type { LifeOptions } from '#bot/orchestrator/life/life-options.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import type { NightSchedule } from '#bot/orchestrator/night-schedule.ts';
import type { Progress } from '#bot/orchestrator/progress.ts';
import { PullRequestLife, type Settlement } from '#bot/orchestrator/pull-request-life.ts';
import type { RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { repairMain } from '#bot/orchestrator/repair/repair-main.ts';
import { askPrompt } from '#bot/proposers/claude/ask.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import type { ModelAccess } from '#bot/proposers/claude/settings.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import type { Logger } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { controlPath } from '#engine/runtime/control.ts';
import { inTurn } from './bot/in-turn.ts';
import { NightClock } from './bot/night-clock.ts';
import { sayGivenUp } from './bot/say-given-up.ts';
import { BOT_PERSON } from './identity.ts';

export interface BotOptions {
  readonly identity: AppIdentity;
  readonly repositoryName: RepositoryName;
  readonly remoteUrl: string;
  readonly forge: 'embedded' | 'github';
  /** The bot's own folder: queue, mirror. */
  readonly dir: string;
  readonly candlesDir: string;
  readonly gateKey: string;
  readonly port: number;
  /** The address it listens on; 127.0.0.1 when left out. */
  readonly host?: string;
  /** Also looks by itself, this often, and at once for what was missed; without it webhooks are all it knows. */
  readonly pollEveryMs?: number;
  /** How long a failing job rests between its attempts. */
  readonly pausesMs?: readonly number[];
  readonly log: Logger;
  readonly progress: Progress;
  readonly onSettled: (settlement: Settlement) => void;
  /** What main's dependencies are looked at and mended with; left out where this bot repairs nothing. */
  readonly repair?: RepairTools;
  /** Runs one night now, for whoever asks for one in a comment; left out where this bot runs none. */
  readonly night?: (parts: NightParts, request: NightRequest) => Promise<NightReport>;
  /** When nights begin by themselves, and which strategy each is about; left out where none does. */
  readonly nightly?: { readonly schedule: NightSchedule; readonly strategy: (parts: NightParts) => Promise<string> };
  /** Measures what the versions that run have shown, and publishes it, once for each day of the market; left out where no engine's record is at hand. */
  readonly shown?: (parts: Pick<NightParts, 'repository' | 'state'>) => Promise<void>;
  /** Which model may be asked; null, or left out, where none is configured. */
  readonly model?: ModelAccess | null;
}

/** What a night shares with the bot that runs it. */
export type NightParts = Pick<Bot, 'repository' | 'state'> & { readonly api: RepositoryApi };

export interface Bot {
  readonly app: RatchetApp;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly webhookUrl: string;
  /**
   * Looks for what a crash or a failure may have left: open pull requests not proven that nobody is proving, the bot's own that are green
   * and were not settled in this run, since their merge may be what failed, and merges that were not written down.
   */
  catchUp(): Promise<void>;
  /** Resolves when there is no job left. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** The command this very program was started with, for the processes it starts. */
export const RATCHET_COMMAND: readonly string[] = [process.execPath, fileURLToPath(new URL('./ratchet.js', import.meta.url))];

const DAY_MS = 86_400_000;
/** More exchanges than that a comment does not hold. */
const EXCHANGES_MAX = 50;

/** Puts the bot together: hears webhooks, keeps them in a queue, does the jobs. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { log, progress } = options;
  mkdirSync(options.dir, { recursive: true });
  const { pausesMs } = options;
  const queue = JobQueue.open(join(options.dir, 'queue.sqlite'), pausesMs === undefined ? {} : { pausesMs });
  for (const { job, error } of queue.failed()) log.warn({ job, error }, 'This job was given up and has not been done since.');
  let wake = (): void => {};
  let poller: Poller | null = null;
  const app = await RatchetApp.start({
    identity: options.identity,
    repository: options.repositoryName,
    queue,
    onJobs: () => wake(),
    port: options.port,
    host: options.host ?? '127.0.0.1',
    health: () => healthOf(queue, poller),
    log,
  });
  const token = (): Promise<string> => app.pushToken();
  const mirrorDir = join(options.dir, 'mirror.git');
  const repository = await Repository.openMirror({
    dir: mirrorDir,
    remoteUrl: options.remoteUrl,
    authorization: async () => basicAuthorization('x-access-token', await token()),
  });
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  const { api, login } = app;
  const lifeOptions: LifeOptions = {
    api,
    repository,
    state,
    author: BOT_PERSON,
    clock: Date.now,
    program: {
      command: RATCHET_COMMAND,
      mirrorDir,
      remoteUrl: options.remoteUrl,
      candlesDir: options.candlesDir,
      keyPath: options.gateKey,
      token,
    },
    botLogin: login,
    forge: options.forge,
    commands: COMMAND_HELP,
    askForProof: (number, isAfresh = false) => {
      queue.add({ kind: 'gates', number, ...(isAfresh ? { isAfresh } : {}) });
      wake();
    },
    log,
    progress,
  };
  const life = new PullRequestLife(lifeOptions);
  const watch = new EngineWatch({ api, state, login, log });
  const orders = WaitingOrders.open(join(options.dir, 'orders.sqlite'));
  const kept = KeptAnswers.open(join(options.dir, 'answers.sqlite'), Date.now);
  const told = (done: readonly string[]): void => {
    for (const message of done) progress({ kind: 'done', phase: 'tend', message });
  };
  const { night, nightly } = options;
  const nightClock = nightly === undefined ? null : new NightClock({ ...nightly, queue, onJobs: () => wake(), clock: Date.now });
  const access = options.model ?? null;
  const model = access === null ? null : Model.open({ access, dir: options.dir, clock: Date.now, log });
  const room: CommandRoom = {
    login,
    api,
    life,
    repository,
    state,
    engine: watch,
    orders,
    kept,
    openCandles: () => CandleStore.openExisting(options.candlesDir),
    night:
      night === undefined
        ? null
        : async (request) => {
            const report = await night({ repository, state, api }, request);
            queue.add({ kind: 'tend' });
            wake();
            return report;
          },
    exchanges: (cycle) => readThoughts(join(options.dir, 'thoughts'), { cycle, max: EXCHANGES_MAX }).thoughts,
    ask: model === null ? null : (question) => model.say(askPrompt(question)),
    clock: Date.now,
  };
  const proveAllOpen = async (): Promise<void> => {
    for (const pull of await api.listOpenPullRequests()) queue.add({ kind: 'gates', number: pull.number });
    wake();
  };
  /** Advisories appear on days on which nobody pushes. */
  const askForRepair = (): void => {
    if (options.repair === undefined) return;
    queue.add({ kind: 'repair' });
    wake();
  };
  const daily = setInterval(askForRepair, DAY_MS);
  daily.unref();
  const settled = new Set<number>();
  /** Asked for after whatever may change what the dashboard says; many wishes are one job. */
  const refreshDashboard = (): void => {
    queue.add({ kind: 'dashboard' });
    wake();
  };
  const rendered = async (): Promise<string> =>
    renderDashboard(await readFacts({ ...lifeOptions, models: { dir: options.dir, allowance: access } }));
  const worker = new Worker({
    queue,
    handlers: {
      gates: async ({ number, isAfresh }) => {
        const settlement = await life.prove(number, isAfresh === true ? 'afresh' : 'as-needed');
        refreshDashboard();
        if (settlement === null) return;
        settled.add(number);
        options.onSettled(settlement);
      },
      comment: async (job) => {
        await receiveComment(job, room, (slow) => {
          queue.addIfMissing(slow);
          wake();
        });
        if (parseComment(job.body).kind === 'command') refreshDashboard();
      },
      command: async (job) => {
        await takeUpCommand(job, room);
        refreshDashboard();
      },
      'main-moved': async () => {
        await proveAllOpen();
        askForRepair();
        told(await life.tend());
        refreshDashboard();
      },
      tend: async () => told(await life.tend()),
      'state-moved': async () => {
        // What one of them cannot read or say keeps none of the others from what is theirs.
        await inTurn(
          [
            { name: 'deployments', take: () => watch.look() },
            {
              name: 'orders',
              take: async () => {
                const status = await watch.status();
                const file = await state.readText(controlPath);
                await confirmOrders(status, { orders, issues: api.issues, asked: file === null ? null : orderIn(file) });
              },
            },
            {
              name: 'ways back',
              take: async () =>
                told(await life.proposeWaysBack({ status: await watch.status(), report: await watch.publishedReport() })),
            },
            {
              name: 'readiness',
              take: async () => {
                await options.shown?.({ repository, state });
                told(await life.proposePromotions());
              },
            },
            { name: 'dashboard', take: async () => refreshDashboard() },
          ],
          (step, error) => log.warn({ err: error, step }, 'What the engine published could not all be taken up.'),
        );
      },
      'issue-edited': async (job) => {
        const dashboard = await findDashboard({ api, botLogin: login });
        if (dashboard?.number !== job.number) return;
        await handleBoxes(job, await rendered(), room, (box) => {
          queue.addIfMissing(box);
          wake();
        });
        refreshDashboard();
      },
      box: async (job) => {
        await handleBox(job, room);
        refreshDashboard();
      },
      'merge-group': async ({ number, head, base }) => {
        await life.proveInQueue(number, head, base);
      },
      night: async ({ at }) => {
        if (room.night === null || nightly === undefined || nightClock?.isOvertaken(at) !== false) return;
        const strategy = await nightly.strategy({ repository, state, api });
        await room.night({ strategy, hint: null, askedIn: { schedule: at }, say: async () => {} });
        refreshDashboard();
      },
      repair: async () => {
        if (options.repair === undefined) return;
        const rebase = (number: number) => life.rebase(number);
        const { sentences } = await repairMain({ ...lifeOptions, tools: options.repair, rebase });
        told(sentences);
      },
      dashboard: async () => {
        await keepDashboard(await rendered(), { api, botLogin: login });
      },
    },
    laneOf,
    onGivenUp: (job, error) => sayGivenUp(job, error, { api, login }),
    log,
  });
  wake = () => worker.wake();
  // First what has come due meanwhile: a night that was left may be overtaken by it.
  nightClock?.start();
  worker.start();
  if (options.pollEveryMs !== undefined) {
    const listener = { ...options.repositoryName, login };
    poller = new Poller({ client: app.client, listener, queue, onJobs: wake, clock: Date.now, log });
    await poller.begin();
    poller.start(options.pollEveryMs);
  }
  return {
    app,
    repository,
    state,
    webhookUrl: `http://127.0.0.1:${app.port}/webhooks`,
    catchUp: async () => {
      for (const pull of await api.listOpenPullRequests()) {
        const { [FINAL_GATE]: gate } = await api.checkConclusions(pull.headSha);
        const isLeftGreen = gate === 'success' && pull.author === login && !settled.has(pull.number);
        if (gate === undefined || isLeftGreen) queue.addIfMissing({ kind: 'gates', number: pull.number });
      }
      queue.addIfMissing({ kind: 'tend' });
      wake();
    },
    idle: () => worker.idle(),
    close: async () => {
      clearInterval(daily);
      nightClock?.stop();
      await app.close();
      await poller?.stop();
      model?.stop();
      await worker.stop();
      model?.close();
      queue.close();
      orders.close();
      kept.close();
    },
  };
}

/** What `GET /health` answers: whether jobs are done, and whether the repository is seen. */
function healthOf(queue: JobQueue, poller: Poller | null): object {
  const jobs = { queued: 0, running: 0, failed: 0 };
  for (const { state } of queue.list()) jobs[state] += 1;
  return { ok: (poller?.state.trouble ?? null) === null, jobs, polling: poller?.state ?? null };
}

/** Every job that runs gates is a proof; a command that takes long has said itself where it stands; all others are answers, and wait for nothing. */
export function laneOf(job: Job): Lane {
  switch (job.kind) {
    case 'command':
      return laneOfCommand(job.body);
    case 'box':
      return laneOfCommand(`/${job.command}`);
    case 'night':
      return 'nights';
    case 'gates':
    case 'main-moved':
    case 'tend':
    case 'repair':
    case 'merge-group':
      return 'proofs';
    case 'comment':
    case 'state-moved':
    case 'issue-edited':
    case 'dashboard':
      return 'answers';
    default:
      return job satisfies never;
  }
}
