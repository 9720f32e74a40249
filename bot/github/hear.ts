import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Heard, REMEMBERED_MS } from './job-queue.ts';

/** Whose repository the bot serves, and who it is there. */
export interface Listener {
  readonly owner: string;
  readonly name: string;
  /** The bot's own account, `ratchet[bot]`: what it does itself tells it nothing. */
  readonly login: string;
}

const Account = z.looseObject({ login: z.string(), type: z.string().default('User') });

/** A comment under an issue or a pull request, as webhooks and the API both give it. */
export const HeardComment = z.looseObject({
  id: z.number().int(),
  body: z.string().nullish(),
  user: Account.nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type HeardComment = z.infer<typeof HeardComment>;

/** A pull request, as far as its proof depends on it. */
export const HeardPull = z.looseObject({
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullish(),
  head: z.looseObject({ sha: z.string() }),
  base: z.looseObject({ ref: z.string() }),
});
export type HeardPull = z.infer<typeof HeardPull>;

const Event = z.looseObject({
  action: z.string().optional(),
  sender: Account.nullish(),
  repository: z
    .looseObject({
      name: z.string(),
      owner: z.looseObject({ login: z.string().nullish() }).nullable(),
    })
    .nullish(),
});
const CommentEvent = Event.extend({
  comment: HeardComment,
  issue: z.looseObject({ number: z.number().int(), pull_request: z.unknown().optional() }),
});
const IssueEvent = Event.extend({
  /** What stood there before, of what was changed. */
  changes: z.looseObject({ body: z.looseObject({ from: z.string().nullish() }).nullish() }).nullish(),
  issue: z.looseObject({
    number: z.number().int(),
    body: z.string().nullish(),
    updated_at: z.string(),
    pull_request: z.unknown().optional(),
  }),
});
const CheckEvent = Event.extend({
  check_run: z.looseObject({ pull_requests: z.array(z.looseObject({ number: z.number().int() })) }),
});
const SuiteEvent = Event.extend({
  check_suite: z.looseObject({ pull_requests: z.array(z.looseObject({ number: z.number().int() })) }),
});
const GroupEvent = Event.extend({
  merge_group: z.looseObject({ head_ref: z.string(), head_sha: z.string(), base_sha: z.string() }),
});
const PullEvent = Event.extend({ pull_request: HeardPull });
const PushEvent = Event.extend({ ref: z.string(), after: z.string() });

/** The branches the bot follows. `ratchet doctor` refuses a repository whose default branch has another name than the first. */
export const FOLLOWED = ['main', 'ratchet/state'] as const;
const [MAIN_REF, STATE_REF] = FOLLOWED.map((branch) => `refs/heads/${branch}`);
/** Where GitHub builds what main would become, one branch for each pull request in its merge queue. */
export const QUEUE_FOLDER = 'gh-readonly-queue/main/';

/**
 * What a webhook asks for, if anything. Its signature has been checked before.
 * @param name the event's name, without its action
 * @param now UTC milliseconds
 * @throws ZodError when a signed payload has not the shape GitHub documents
 */
export function hear(name: string, payload: unknown, listener: Listener, now: number): readonly Heard[] {
  const { repository, action, sender } = Event.parse(payload);
  // Who an account is does not depend on upper and lower case on GitHub.
  if (!isSame(repository?.owner?.login, listener.owner) || !isSame(repository?.name, listener.name)) return [];
  const isOwn = isSame(sender?.login, listener.login);
  switch (name) {
    case 'pull_request': {
      const { pull_request: pull } = PullEvent.parse(payload);
      if (action === 'reopened') return [{ job: { kind: 'gates', number: pull.number } }];
      if (action === 'closed') return isOwn ? [] : [{ job: { kind: 'dashboard' } }];
      // What the bot wrote, it knows.
      if (action === 'edited' && isOwn) return [{ ...heardPull(pull), job: null }];
      // An edited one is looked at too: its text must go on saying what the evidence says.
      return action === 'opened' || action === 'synchronize' || action === 'edited' ? [heardPull(pull)] : [];
    }
    case 'issue_comment': {
      const { comment, issue } = CommentEvent.parse(payload);
      if (action !== 'created' || isOwn) return [];
      return heardComment(comment, { number: issue.number, isPullRequest: issue.pull_request != null }, listener, now);
    }
    case 'issues': {
      if (action !== 'edited' || isOwn || sender == null || sender.type === 'Bot') return [];
      const { issue, changes } = IssueEvent.parse(payload);
      const edit = { number: issue.number, sender: sender.login, body: issue.body ?? '', at: issue.updated_at };
      if (changes == null) return heardEdit(edit, now);
      // Whoever changes a title has ticked nothing, whatever stands ticked below it.
      return changes.body == null ? [] : heardEdit({ ...edit, before: changes.body.from ?? '' }, now);
    }
    case 'check_run': {
      // The button beside a check: GitHub tells only the App that wrote it.
      if (action !== 'rerequested' || isOwn) return [];
      const { check_run: run } = CheckEvent.parse(payload);
      return askedAgain(run.pull_requests);
    }
    case 'check_suite': {
      // "Re-run all checks": one request for all of them, and no word about each.
      if (action !== 'rerequested' || isOwn) return [];
      return askedAgain(SuiteEvent.parse(payload).check_suite.pull_requests);
    }
    case 'merge_group': {
      if (action !== 'checks_requested') return [];
      const { head_ref: ref, head_sha: head, base_sha: base } = GroupEvent.parse(payload).merge_group;
      return heardGroup({ ref, head, base });
    }
    case 'push': {
      const { ref, after } = PushEvent.parse(payload);
      return heardRef(ref, after);
    }
    default:
      return [];
  }
}

function askedAgain(pulls: readonly { readonly number: number }[]): readonly Heard[] {
  return pulls.map(({ number }) => ({ job: { kind: 'gates', number, isAfresh: true } }));
}

function isSame(left: string | null | undefined, right: string): boolean {
  return left?.toLowerCase() === right.toLowerCase();
}

/** A comment that may be a command: written by a person, never edited, not older than the queue remembers. */
export function heardComment(
  comment: HeardComment,
  place: { readonly number: number; readonly isPullRequest: boolean },
  { login }: Pick<Listener, 'login'>,
  now: number,
): readonly Heard[] {
  const { user } = comment;
  if (user === null || user.type === 'Bot' || isSame(user.login, login)) return [];
  if (comment.created_at !== comment.updated_at || now - Date.parse(comment.created_at) > REMEMBERED_MS) return [];
  return [
    {
      job: { kind: 'comment', ...place, commentId: comment.id, author: user.login, body: comment.body ?? '' },
      sighting: { key: `comment:${comment.id}`, state: 'taken' },
    },
  ];
}

/** An edit of an issue's text. Each is remembered by its time, so that an old one that is told again ticks no box twice. */
export function heardEdit(
  edit: {
    readonly number: number;
    readonly sender: string;
    readonly body: string;
    readonly before?: string;
    readonly at: string;
  },
  now: number,
): readonly Heard[] {
  if (now - Date.parse(edit.at) > REMEMBERED_MS) return [];
  return [{ job: { kind: 'issue-edited', ...edit }, sighting: { key: `edit:${edit.number}:${edit.at}`, state: 'taken' } }];
}

/** A pull request whose head, base or text is not what was seen last. */
export function heardPull(pull: HeardPull): Heard {
  const text = createHash('sha256')
    .update(JSON.stringify([pull.title, pull.body ?? '']))
    .digest('hex');
  return {
    job: { kind: 'gates', number: pull.number },
    sighting: { key: `pull:${pull.number}`, state: `${pull.head.sha} ${pull.base.ref} ${text}` },
  };
}

/** A branch that moved, if the bot follows it. */
export function heardRef(ref: string, commit: string): readonly Heard[] {
  const sighting = { key: `ref:${ref}`, state: commit };
  if (ref === STATE_REF) return [{ job: { kind: 'state-moved' }, sighting }];
  return ref === MAIN_REF ? [{ job: { kind: 'main-moved' }, sighting }] : [];
}

/**
 * What main's merge queue wants to know, seen by its branch `gh-readonly-queue/main/pr-NUMBER-…`; nothing for a branch of another form.
 * @param group the whole ref, its commit, and the commit that one stands on
 */
export function heardGroup({ ref, head, base }: { ref: string; head: string; base: string }): readonly Heard[] {
  const number = Number(/\/pr-([1-9]\d{0,9})-[0-9a-f]+$/.exec(ref)?.[1] ?? Number.NaN);
  if (Number.isNaN(number)) return [];
  return [{ job: { kind: 'merge-group', number, head, base }, sighting: { key: `ref:${ref}`, state: head } }];
}
