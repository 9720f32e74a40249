import { z } from 'zod';

const CommentFields = {
  number: z.number().int(),
  commentId: z.number().int(),
  author: z.string(),
  body: z.string(),
  isPullRequest: z.boolean(),
};

/** What the bot has been asked to do. Jobs are levels, not edges: running one twice ends in the same state as running it once. */
export const Job = z.discriminatedUnion('kind', [
  /** Prove the head of a pull request against the present tip of main, and settle it by policy. */
  z.strictObject({
    kind: z.literal('gates'),
    number: z.number().int(),
    /** Whatever is known: somebody asked for the checks again. */
    isAfresh: z.literal(true).optional(),
  }),
  /** Somebody wrote a comment that may be a command. */
  z.strictObject({
    kind: z.literal('comment'),
    ...CommentFields,
  }),
  /** A command that takes long, in a comment that is known to have been heard. */
  z.strictObject({
    kind: z.literal('command'),
    ...CommentFields,
  }),
  /** main moved: what was proven against the old base is proven again. */
  z.strictObject({ kind: z.literal('main-moved') }),
  /** What was proposed may overtake an older proposal. */
  z.strictObject({ kind: z.literal('tend') }),
  /** The state branch moved: the engine may have something to say. */
  z.strictObject({ kind: z.literal('state-moved') }),
  /** Somebody edited an issue: it may be the dashboard, with a box ticked. */
  z.strictObject({
    kind: z.literal('issue-edited'),
    number: z.number().int(),
    sender: z.string(),
    body: z.string(),
    /** The text before this edit; left out where that is not told. What was ticked there already is not the sender's wish. */
    before: z.string().optional(),
    /** When, as the forge says: the same box ticked another day is another wish. */
    at: z.string(),
  }),
  /** A box of the dashboard that somebody ticked: as if they had commented the command of that name, about that head. */
  z.strictObject({
    kind: z.literal('box'),
    command: z.string(),
    number: z.number().int(),
    head: z.string(),
    sender: z.string(),
    at: z.string(),
  }),
  /** Main's merge queue wants to know whether a pull request still holds on what stands before it in the queue. */
  z.strictObject({
    kind: z.literal('merge-group'),
    number: z.number().int(),
    head: z.string(),
    base: z.string(),
  }),
  /** The time of a night has come. */
  z.strictObject({
    kind: z.literal('night'),
    /** Which time that was, UTC milliseconds. */
    at: z.number().int(),
  }),
  /** Look whether main itself has dependencies with known weaknesses, and mend them. */
  z.strictObject({ kind: z.literal('repair') }),
  /** What the dashboard speaks of may have changed. */
  z.strictObject({ kind: z.literal('dashboard') }),
]);
export type Job = z.infer<typeof Job>;

/** What was seen of a thing when a job was made for it: the same state again makes no second job. */
export interface Sighting {
  /** What was looked at: `comment:7`, `pull:12`, `ref:refs/heads/main`. */
  readonly key: string;
  /** How it stood then, as short text: a commit, a digest. */
  readonly state: string;
}

/** A job, and what was seen that asks for it. Webhooks and polling see the same things; whoever is second adds nothing. */
export interface Heard {
  /** Null when it is only to be remembered: what the bot did itself. */
  readonly job: Job | null;
  /** Left out where every telling counts, such as a pull request that was opened again. */
  readonly sighting?: Sighting;
}
