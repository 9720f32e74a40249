import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { ConditionalReader, PER_PAGE } from './conditional.ts';
import { editorOf, type PollingApi } from './editor-of.ts';
import {
  FOLLOWED,
  HeardComment,
  HeardPull,
  heardComment,
  heardEdit,
  heardGroup,
  heardPull,
  heardRef,
  type Listener,
  QUEUE_FOLDER,
} from './hear.ts';
import type { Heard, JobQueue } from './job-queue.ts';
import { comeBackAt, statusBehind } from './refusal.ts';

/** Comments are asked for from a little before the newest one seen: clocks and the API's order are not that exact. */
const OVERLAP_MS = 60_000;
/** Where the queue remembers how far comments have been read, and which pull requests were open. */
const CURSOR_KEY = 'poll:comments';
const OPEN_KEY = 'poll:open';
/** The issue that is kept by the bot, and whose boxes people tick. */
const DASHBOARD_LABEL = 'ratchet:dashboard';
const TICKED = /^\s*[-*] \[[xX]\].*<!-- ratchet:do /m;

const Cursor = z.strictObject({
  /** What was written before is none of the bot's business: it was not there yet. UTC milliseconds, by the forge's clock. */
  startedAt: z.number().int(),
  /** When the newest comment seen was written or changed. */
  newest: z.number().int(),
});
type Cursor = z.infer<typeof Cursor>;

const Comment = HeardComment.extend({ issue_url: z.string(), html_url: z.string() });

export interface PollerOptions {
  readonly client: PollingApi;
  readonly listener: Listener;
  readonly queue: JobQueue;
  /** Called after jobs were added. */
  readonly onJobs: () => void;
  readonly clock: () => number;
  readonly log: Logger;
}

/**
 * Sees what webhooks would have told: for machines that cannot be reached, and for what was missed while the bot was away. The
 * same jobs follow, and none of them twice, whoever sees it first. When nothing has happened a look is six answers of 304. The one thing it
 * cannot see is the button that asks for checks again: GitHub tells it to a webhook and leaves nothing behind that could be looked at.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #reader = new ConditionalReader();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #lastLookAt: number | null = null;
  #trouble: string | null = null;

  constructor(options: PollerOptions) {
    this.#options = { ...options, log: options.log.child({ room: 'poll' }) };
  }

  /** When it last saw everything, UTC milliseconds, and what has kept it from that since. */
  get state(): { readonly lastLookAt: number | null; readonly trouble: string | null } {
    return { lastLookAt: this.#lastLookAt, trouble: this.#trouble };
  }

  /**
   * Notes, the first time ever, from when on comments are the bot's business. Whoever tells people that the bot is there does it
   * after this.
   */
  async begin(): Promise<void> {
    const { client, queue, clock } = this.#options;
    if (queue.seen(CURSOR_KEY) !== null) return;
    // By the forge's clock: that is the one comments are dated by.
    const { headers } = await client.rest.repos.get(this.#repo);
    const startedAt = Date.parse(headers.date ?? '') || clock();
    const cursor: Cursor = { startedAt, newest: startedAt };
    queue.note({ key: CURSOR_KEY, state: JSON.stringify(cursor) });
  }

  /** Looks once, and queues what is new. */
  async look(): Promise<void> {
    const { queue, onJobs, clock } = this.#options;
    await this.begin();
    const { heard, cursor } = await this.#comments();
    const { heard: pulls, open } = await this.#pulls();
    const branches = await Promise.all(FOLLOWED.map((branch) => this.#branch(branch)));
    const groups = await this.#groups();
    const edits = await this.#edits();
    const isNew = queue.hear([...heard, ...pulls, ...branches.flat(), ...groups, ...edits]);
    // Only now: a look that was killed before is made again.
    if (cursor !== null) queue.note({ key: CURSOR_KEY, state: JSON.stringify(cursor) });
    if (open !== null) queue.note({ key: OPEN_KEY, state: JSON.stringify(open) });
    this.#reader.keep();
    this.#lastLookAt = clock();
    if (isNew) onJobs();
  }

  /** Looks at once and then again and again. A look that fails is made again after the same time, or when the forge says. */
  start(everyMs: number): void {
    this.#running = this.#loop(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #loop(everyMs: number): Promise<void> {
    const { log, clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      let waitMs = everyMs;
      try {
        await this.look();
        this.#trouble = null;
      } catch (error) {
        this.#trouble = explain(error);
        const until = comeBackAt(error, clock());
        if (until !== null) waitMs = Math.max(everyMs, until - clock());
        log.warn({ err: error, waitMs }, 'The repository could not be looked at; it is tried again.');
      }
      // An abort ends the rest early, and that is all it means here.
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  get #repo(): { owner: string; repo: string } {
    const { owner, name } = this.#options.listener;
    return { owner, repo: name };
  }

  async #comments(): Promise<{ heard: readonly Heard[]; cursor: Cursor | null }> {
    const { client, listener, queue, clock } = this.#options;
    const known = Cursor.parse(JSON.parse(queue.seen(CURSOR_KEY) ?? 'null'));
    const since = new Date(known.newest - OVERLAP_MS).toISOString();
    const question = `comments since ${since}`;
    const found = await this.#reader.list(question, (page, headers) =>
      client.rest.issues.listCommentsForRepo({
        ...this.#repo,
        since,
        sort: 'updated',
        direction: 'asc',
        per_page: PER_PAGE,
        page,
        headers,
      }),
    );
    if (found === null) return { heard: [], cursor: null };
    const comments = found.items.map((item) => Comment.parse(item));
    const heard = comments
      .filter((comment) => Date.parse(comment.created_at) >= known.startedAt)
      .flatMap((comment) => heardComment(comment, placeOf(comment), listener, clock()));
    const newest = Math.max(known.newest, ...comments.map((comment) => Date.parse(comment.updated_at)));
    if (newest !== known.newest) this.#reader.forget(question);
    return { heard, cursor: newest === known.newest ? null : { ...known, newest } };
  }

  async #pulls(): Promise<{ heard: readonly Heard[]; open: readonly number[] | null }> {
    const { client, queue } = this.#options;
    const found = await this.#reader.list('open pull requests', (page, headers) =>
      client.rest.pulls.list({ ...this.#repo, state: 'open', per_page: PER_PAGE, page, headers }),
    );
    if (found === null) return { heard: [], open: null };
    const pulls = found.items.map((item) => HeardPull.parse(item));
    const open = pulls.map(({ number }) => number);
    const before = z.array(z.number()).parse(JSON.parse(queue.seen(OPEN_KEY) ?? '[]'));
    // One that is closed is no proposal any more; opened again it is looked at again, though nothing else about it has changed.
    const closed = before
      .filter((number) => !open.includes(number))
      .map((number): Heard => ({ job: { kind: 'dashboard' }, sighting: { key: `pull:${number}`, state: 'closed' } }));
    return { heard: [...closed, ...pulls.map(heardPull)], open };
  }

  /** Boxes that somebody ticked. Whose they are only GraphQL says; where nobody can say it, they are left. */
  async #edits(): Promise<readonly Heard[]> {
    const { client, listener, clock } = this.#options;
    const found = await this.#reader.list('dashboard', (page, headers) =>
      client.rest.issues.listForRepo({
        ...this.#repo,
        labels: DASHBOARD_LABEL,
        state: 'open',
        per_page: PER_PAGE,
        page,
        headers,
      }),
    );
    const ticked = (found?.items ?? []).filter(({ body }) => TICKED.test(body ?? ''));
    const heard = ticked.map(async ({ number, body }) => {
      const editor = await editorOf(client, listener, number);
      if (editor === null || editor.login === listener.login) return [];
      return heardEdit({ number, sender: editor.login, body: body ?? '', at: editor.at }, clock());
    });
    return (await Promise.all(heard)).flat();
  }

  /** What stands in main's merge queue and was not seen there before. */
  async #groups(): Promise<readonly Heard[]> {
    const { client, queue } = this.#options;
    const found = await this.#reader.ask('merge queue', (headers) =>
      client.rest.git.listMatchingRefs({ ...this.#repo, ref: `heads/${QUEUE_FOLDER}`, headers }),
    );
    const fresh = (found?.data ?? []).filter(({ ref, object }) => queue.seen(`ref:${ref}`) !== object.sha);
    const heard = fresh.map(async ({ ref, object }) => {
      // A webhook says it; here it is the commit's first parent, as the queue merges and as it squashes.
      const { data } = await client.rest.git.getCommit({ ...this.#repo, commit_sha: object.sha });
      const base = data.parents[0]?.sha;
      return base === undefined ? [] : heardGroup({ ref, head: object.sha, base });
    });
    return (await Promise.all(heard)).flat();
  }

  async #branch(branch: string): Promise<readonly Heard[]> {
    const { client } = this.#options;
    try {
      const found = await this.#reader.ask(`branch ${branch}`, (headers) =>
        client.rest.git.getRef({ ...this.#repo, ref: `heads/${branch}`, headers }),
      );
      return found === null ? [] : heardRef(found.data.ref, found.data.object.sha);
    } catch (error) {
      // A branch that is not there yet has not moved; 409 is a repository without a commit.
      if ([404, 409].includes(statusBehind(error) ?? 0)) return [];
      throw error;
    }
  }
}

/** The list of comments names the issue by its address only, and a pull request by the address of its page. */
function placeOf({ issue_url, html_url }: z.infer<typeof Comment>): { number: number; isPullRequest: boolean } {
  const number = z.coerce.number().int().positive().parse(issue_url.split('/').at(-1));
  return { number, isPullRequest: /\/pull\/\d+(?:#|$)/.test(html_url) };
}
