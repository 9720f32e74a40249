import { canonicalJson } from '#engine/attestation/canonical.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { Repository } from '#engine/repository/repository.ts';
import { type StateBranch, stateRef } from '#engine/repository/state-branch.ts';
import { Bell } from './bell.ts';
import { type EngineReport, reportPath, reportText } from './report.ts';
import { type EngineStatus, parseStatus, statusPath, statusText } from './status.ts';

/** So many looks must fail in a row before it is worth saying: one lost packet is no news. */
const failuresToReport = 3;

/**
 * What was refused waits one look, then two, four, … up to so many: whoever may not write is not let in by asking every five
 * seconds, and a branch that had moved is tried again at once.
 */
const looksBetweenMax = 64;

export interface RemoteWatchOptions {
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly pollMs: number;
  /** False of a rehearsal: what was done with nobody's money is not what the repository's engine does. */
  readonly publishes: boolean;
  readonly log: Logger;
  /** Main or the state branch has moved, or was seen for the first time in this run. */
  readonly onNews: () => void;
  /** Null when the remote answers again. */
  readonly onTrouble: (message: string | null) => void;
}

/** Looks at the remote and publishes status and report there, beside the trading and never in its way. */
export class RemoteWatch {
  readonly #options: RemoteWatchOptions;
  readonly #bell = new Bell();
  #isStopping = false;
  #failures = 0;
  #seen: string | null = null;
  #wanted: EngineStatus | null = null;
  #published: string | null = null;
  #report: string | null = null;
  #publishedReport: string | null = null;
  /** Times in a row that nothing could be published, looks until it is tried again, and why it failed last. */
  #refusals = 0;
  #looksToSkip = 0;
  #refusal = '';
  #running: Promise<void> = Promise.resolve();

  constructor(options: RemoteWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#options.publishes) this.#options.log.info('A rehearsal: status and report stay on this machine.');
    this.#running = this.#run();
  }

  /** Looks at once. */
  poll(): void {
    this.#bell.ring();
  }

  /** Makes the next look news, whatever it sees. */
  forget(): void {
    this.#seen = null;
  }

  /**
   * What should stand on the state branch. `isUrgent`: it goes there now, not with the next look. A commit is made when what
   * runs, and whether it may, has changed; how far the feed is and how many positions are held ride along with it.
   */
  publish(status: EngineStatus, isUrgent: boolean): void {
    this.#wanted = status;
    if (isUrgent) this.#bell.ring();
  }

  /** The report that should stand beside it: it goes there with the next look, in one commit with a status that is new. */
  offerReport(report: EngineReport): void {
    this.#report = reportText(report);
  }

  /** Ends after the git command under way, or leaves it behind after two seconds: it changes nothing half. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#bell.ring();
    const patience = new Bell();
    await Promise.race([this.#running.then(() => patience.ring()), patience.wait(2_000)]);
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#look();
      if (!this.#isStopping) await this.#publish();
      if (!this.#isStopping) await this.#bell.wait(this.#options.pollMs);
    }
  }

  async #look(): Promise<void> {
    const { repository, state, onNews, onTrouble, log } = this.#options;
    try {
      await repository.fetch();
      const [main, told] = await repository.resolveEach(['main', stateRef]);
      if (told !== state.commit) await state.reload();
      const seen = `${main} ${state.commit}`;
      if (this.#failures >= failuresToReport) onTrouble(null);
      this.#failures = 0;
      if (seen === this.#seen) return;
      this.#seen = seen;
      onNews();
    } catch (error) {
      this.#failures += 1;
      log.warn({ error: explain(error), failures: this.#failures }, 'The remote could not be looked at.');
      if (this.#failures === failuresToReport) onTrouble(explain(error));
    }
  }

  async #publish(): Promise<void> {
    const { state, publishes } = this.#options;
    const status = this.#wanted;
    const report = this.#report;
    if (!publishes || status === null || this.#failures > 0) return;
    const news = newsOf(status);
    if (news === this.#published && report === this.#publishedReport) return;
    if (this.#looksToSkip > 0) {
      this.#looksToSkip -= 1;
      return;
    }
    try {
      await state.update(titleOf(status, news === this.#published), async (current) => {
        const files = new Map<string, Uint8Array>();
        if (newsIn(await current.readText(statusPath)) !== news) files.set(statusPath, Buffer.from(statusText(status)));
        if (report !== null && (await current.readText(reportPath)) !== report) files.set(reportPath, Buffer.from(report));
        return files;
      });
      this.#published = news;
      this.#publishedReport = report;
      this.#refusals = 0;
      this.#refusal = '';
    } catch (error) {
      this.#noteRefusal(explain(error));
    }
  }

  /** The same reason is said once. */
  #noteRefusal(why: string): void {
    this.#looksToSkip = Math.min(looksBetweenMax, 2 ** this.#refusals) - 1;
    this.#refusals += 1;
    if (why === this.#refusal) return;
    this.#refusal = why;
    this.#options.log.warn({ error: why }, 'Status and report could not be published; it is tried again, less and less often.');
  }
}

function titleOf({ status, commit }: EngineStatus, isReportOnly: boolean): string {
  return `${isReportOnly ? 'report' : 'status'}: ${status} at ${commit?.slice(0, 12) ?? 'nothing yet'}`;
}

/** What of a status is worth a commit: everything but what changes from bar to bar. */
function newsOf({ feed: _feed, strategies, ...rest }: EngineStatus): string {
  return canonicalJson({ ...rest, strategies: strategies.map(({ positions: _positions, ...strategy }) => strategy) });
}

/** Null when there is no status yet, or none that can be read: it is written anew. */
function newsIn(text: string | null): string | null {
  if (text === null) return null;
  try {
    const status = parseStatus(text);
    return status === null ? null : newsOf(status);
  } catch (error) {
    if (error instanceof RatchetError) return null;
    throw error;
  }
}
