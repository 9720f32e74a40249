import type { RepositoryApi } from '#bot/github/repository-api.ts';
import type { Logger } from '#engine/log.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { EngineStatus, statusPath } from '#engine/runtime/status.ts';

/** The issues this room opens and closes. */
const LABEL = 'ratchet:engine';

/**
 * Turns what the engine publishes on the state branch into what people see on GitHub: deployments, and an issue for as long
 * as the engine does not run what main says.
 */
export class EngineWatch {
  readonly #api: RepositoryApi;
  readonly #state: StateBranch;
  readonly #log: Logger;

  constructor(options: { api: RepositoryApi; state: StateBranch; log: Logger }) {
    this.#api = options.api;
    this.#state = options.state;
    this.#log = options.log;
  }

  async look(): Promise<void> {
    const status = await this.#read();
    if (status === null) return;
    this.#log.debug({ status: status.status }, 'The engine has published its status.');
    if (status.status === 'Synced') await this.#reportSynced(status);
    // OutOfSync is on its way somewhere: it becomes one of the other two.
    else if (status.status === 'Degraded') await this.#reportTrouble(status);
  }

  /** For `/status`. */
  async report(): Promise<string> {
    const status = await this.#read();
    if (status === null) return 'The engine has not published anything yet.';
    const rows = status.strategies.map(
      (item) =>
        `| ${item.id} | ${item.stage ?? 'none'} | \`${item.tree?.slice(0, 12) ?? 'none'}\` | ${item.status} | ${item.reason} |`,
    );
    return [
      `**${status.status}** at \`${status.commit?.slice(0, 12) ?? 'nothing'}\`, ${status.mode}.${status.reason === '' ? '' : ` ${status.reason}`}`,
      '',
      '| Strategy | Stage | Tree | Status | |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n');
  }

  async #read(): Promise<EngineStatus | null> {
    await this.#state.refresh();
    const text = await this.#state.readText(statusPath);
    return text === null ? null : EngineStatus.parse(JSON.parse(text));
  }

  async #reportSynced(status: EngineStatus): Promise<void> {
    if (status.commit === null) return;
    const stages = new Set(status.strategies.map((item) => item.stage));
    for (const environment of stages) {
      if (environment === null) continue;
      const names = status.strategies.filter((item) => item.stage === environment).map((item) => item.id);
      await this.#api.reportDeployment({
        commit: status.commit,
        environment,
        state: 'success',
        description: `Trading: ${names.join(', ')}`,
      });
    }
    for (const issue of await this.#api.listOpenIssues(LABEL)) {
      await this.#api.comment(issue.number, `The engine is Synced again, at ${status.commit}.`);
      await this.#api.closeIssue(issue.number);
    }
  }

  async #reportTrouble(status: EngineStatus): Promise<void> {
    const title = `The engine does not run what is on main (${status.commit?.slice(0, 12) ?? 'unread'})`;
    if ((await this.#api.listOpenIssues(LABEL)).some((issue) => issue.title === title)) return;
    const lines = status.strategies
      .filter((item) => item.status !== 'Synced')
      .map((item) => `- \`strategies/${item.id}\`: ${item.reason}`);
    const body = [
      status.reason,
      '',
      ...lines,
      '',
      'What ran before goes on running; positions and their stops are untouched.',
      'To mend it, revert the commit, or bring the change as a pull request so that the gates can prove and sign it.',
    ].join('\n');
    await this.#api.openIssue(title, body, [LABEL]);
  }
}
