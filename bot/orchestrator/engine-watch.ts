import { code, table, text } from '#bot/evidence/markdown.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { type Control, initialControl } from '#engine/runtime/control.ts';
import { type EngineReport, parseReport, reportPath } from '#engine/runtime/report.ts';
import { type EngineStatus, parseStatus, type StrategyStatus, statusPath } from '#engine/runtime/status.ts';
import { Stage } from '#engine/store/rows.ts';

/** The issues this room opens and closes. */
const LABEL = 'ratchet:engine';

const ADVICE = [
  'What ran before goes on running; positions and their stops are untouched.',
  'To mend it, revert the commit, or bring the change as a pull request so that the gates can prove and sign it.',
];

const ADVICE_ON_BREACH = [
  'It goes on running without opening anything: exits, stops and cancels pass.',
  'It ends when another version runs, such as the way back that is proposed as a pull request, or when a person who accepts the loss comments `/resume`.',
];

type WatchedApi = Pick<RepositoryApi, 'reportDeployment' | 'retireEnvironment' | 'issues'>;

/**
 * Turns what the engine publishes on the state branch into what people see on GitHub: deployments, and an issue for as long
 * as the engine does not run what main says.
 */
export class EngineWatch {
  readonly #api: WatchedApi;
  readonly #state: StateBranch;
  readonly #login: string;
  readonly #log: Logger;
  /** What was last shown on GitHub, whole: the state branch moves for many reasons. */
  #shown: string | null = null;
  /** Environments that may have a deployment standing; all of them until one look has told. */
  #environments: ReadonlySet<Stage> = new Set(Stage.options);

  /** @param options.login the bot's own account */
  constructor(options: { api: WatchedApi; state: StateBranch; login: string; log: Logger }) {
    this.#api = options.api;
    this.#state = options.state;
    this.#login = options.login;
    this.#log = options.log;
  }

  /** Shows on GitHub what the engine last published. Looking twice changes nothing. */
  async look(): Promise<void> {
    const status = await this.#readableStatus();
    if (status === null) return;
    const { commit, reason, strategies } = status;
    const shown = JSON.stringify([
      status.status,
      commit,
      reason,
      strategies.map((item) => [item.id, item.status, item.reason, item.stage]),
    ]);
    if (shown === this.#shown) return;
    this.#log.debug({ status: status.status }, 'The engine has published its status.');
    await this.#reportDeployments(status);
    if (status.status === 'Synced') await this.#closeIssues(status);
    // OutOfSync is on its way somewhere: it becomes one of the other two.
    else if (status.status === 'Degraded') await this.#openIssue(status);
    this.#shown = shown;
  }

  /**
   * What the engine last said of itself; null when it has not, in a form this version reads.
   * @throws RatchetError `engine/bad-status`
   */
  async status(): Promise<EngineStatus | null> {
    await this.#state.refresh();
    const published = await this.#state.readText(statusPath);
    return published === null ? null : parseStatus(published);
  }

  /**
   * What the engine last published in figures; null before it did.
   * @throws RatchetError `engine/bad-report`
   */
  async publishedReport(): Promise<EngineReport | null> {
    await this.#state.refresh();
    const published = await this.#state.readText(reportPath);
    return published === null ? null : parseReport(published);
  }

  /** For `/status`. */
  async report(): Promise<string> {
    const status = await this.status();
    if (status === null) return 'The engine has not published anything yet.';
    const rows = status.strategies.map((item) => [
      code(item.id),
      item.stage ?? 'none',
      item.tree === null ? 'none' : code(item.tree.slice(0, 12)),
      item.status,
      text(item.reason),
    ]);
    const columns = ['Strategy', 'Stage', 'Tree', 'Status', ''].map((title) => ({ title, alignment: 'left' as const }));
    return [
      `**${status.status}** at ${commitText(status)}, ${orderText(status.control)}.${status.reason === '' ? '' : ` ${text(status.reason)}`}`,
      '',
      status.strategies.length === 0 ? 'No strategy is loaded.' : table(columns, rows),
    ].join('\n');
  }

  /** Null, and a line in the log, for what no engine wrote: it is overwritten soon, and looking again would not mend it. */
  async #readableStatus(): Promise<EngineStatus | null> {
    try {
      return await this.status();
    } catch (error) {
      if (!(error instanceof RatchetError) || error.code !== 'engine/bad-status') throw error;
      this.#log.warn({ error: error.message }, 'The published status is not what an engine writes.');
      return null;
    }
  }

  /**
   * One deployment of main's commit for each stage that something runs in, as well as its worst strategy. A success makes the
   * ones before it inactive, which is the forge's own rule; a stage that has emptied is made inactive here.
   */
  async #reportDeployments(status: EngineStatus): Promise<void> {
    if (status.commit === null) return;
    const stages = new Set(status.strategies.flatMap(({ stage }) => (stage === null ? [] : [stage])));
    for (const environment of stages) {
      const strategies = status.strategies.filter(({ stage }) => stage === environment);
      await this.#api.reportDeployment({ commit: status.commit, environment, ...deploymentOf(strategies) });
    }
    // Until the engine is where main wants it, what it has not read may belong to any stage.
    if (status.status !== 'Synced') return;
    for (const environment of this.#environments) {
      if (!stages.has(environment)) await this.#api.retireEnvironment(environment, 'Nothing runs here any more.');
    }
    this.#environments = stages;
  }

  async #closeIssues(status: EngineStatus): Promise<void> {
    for (const issue of await this.#api.issues.listOpenBy(this.#login, LABEL)) {
      await this.#api.issues.comment(
        issue.number,
        `The engine is Synced again, at ${status.commit === null ? 'nothing' : code(status.commit)}.`,
      );
      await this.#api.issues.close(issue.number);
    }
  }

  async #openIssue(status: EngineStatus): Promise<void> {
    const wrong = status.strategies.filter((item) => item.status !== 'Synced');
    const isAllBreach = wrong.length > 0 && wrong.every(({ code: said }) => said === 'breach');
    // A breach goes on whatever main becomes meanwhile; what a commit asks for is a matter of that commit.
    const title = isAllBreach
      ? `A limit was reached: no new entries for ${wrong.map(({ id }) => id).join(', ')}`
      : `The engine does not run what is on main (${status.commit?.slice(0, 12) ?? 'unread'})`;
    if ((await this.#api.issues.listOpenBy(this.#login, LABEL)).some((issue) => issue.title === title)) return;
    const lines = wrong.map((item) => `- \`strategies/${item.id}\`: ${text(item.reason)}`);
    const body = [text(status.reason), '', ...lines, '', ...(isAllBreach ? ADVICE_ON_BREACH : ADVICE)].join('\n');
    await this.#api.issues.open(title, body, [LABEL]);
  }
}

/** The order an engine obeys, for people: `paused since 2026-03-01T10:00:00.000Z by alice: the feed looks odd`. Markdown. */
export function orderText(control: Control): string {
  const { mode, by, at, reason } = control;
  if (at === initialControl.at && by === initialControl.by) return mode;
  return `**${mode}** since ${at} by ${text(by)}${reason === '' ? '' : `: ${text(reason)}`}`;
}

function commitText({ commit }: EngineStatus): string {
  return commit === null ? 'nothing' : code(commit.slice(0, 12));
}

type DeploymentState = Pick<Parameters<RepositoryApi['reportDeployment']>[0], 'state' | 'description'>;

/** A stage is as well as its worst strategy. Descriptions are plain text. */
function deploymentOf(strategies: readonly StrategyStatus[]): DeploymentState {
  const names = (some: readonly StrategyStatus[]) => some.map(({ id, reason }) => `${id}: ${reason}`).join('; ');
  const degraded = strategies.filter(({ status }) => status === 'Degraded');
  if (degraded.length > 0) return { state: 'failure', description: names(degraded) };
  const underWay = strategies.filter(({ status }) => status === 'OutOfSync');
  if (underWay.length > 0) return { state: 'in_progress', description: names(underWay) };
  return { state: 'success', description: `Trading: ${strategies.map(({ id }) => id).join(', ')}` };
}
