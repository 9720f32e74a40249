import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Answer } from '#bot/commands/answer.ts';
import type { CommandRoom } from '#bot/commands/command.ts';
import { WaitingOrders } from '#bot/commands/engine/waiting-orders.ts';
import { handleComment } from '#bot/commands/handle-comment.ts';
import { commandNamed } from '#bot/commands/index.ts';
import type { Memory } from '#bot/commands/kept-answers.ts';
import { perform } from '#bot/commands/perform.ts';
import { receiveComment, takeUpCommand } from '#bot/commands/receive-comment.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { EngineWatch } from '#bot/orchestrator/engine-watch.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { initialControl } from '#engine/runtime/control.ts';
import { type EngineReport, reportPath, reportText } from '#engine/runtime/report.ts';
import { type EngineStatus, statusPath, statusText } from '#engine/runtime/status.ts';
import { owner, repo, type World } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';

export const NOON = Date.UTC(2026, 2, 2, 12);
export const HELD_OUT = readFileSync('policies/held-out.yaml', 'utf8');

export type Person = keyof World['tokens'];

/** What each person is called on the forge. */
export const loginOf = (person: Person): string => (person === 'owner' ? owner : person);

/** One forge and one proposal, comments by people, and the bot that answers them over HTTP. */
export interface CommandWorld extends ProposalWorld {
  /** What the bot works with; `with` lends a part of it to one answer. */
  readonly room: CommandRoom;
  readonly orders: WaitingOrders;
  /** Comments as a person, lets the bot do its job, and gives what stands under the comment then. */
  say(person: Person, body: string, options?: { number?: number; with?: Partial<CommandRoom> }): Promise<string>;
  /** What would be said to that, with everything that comes of it, but for the comment and the place of its answer. */
  tell(person: Person, body: string, options?: { isPullRequest?: boolean; with?: Partial<CommandRoom> }): Promise<string>;
  /** Comments and gives the comment's id; nobody has answered yet. */
  comment(person: Person, body: string, number?: number): Promise<number>;
  /** The bot's job for a comment, as the queue hands it out, once or again. */
  answer(
    person: Person,
    body: string,
    commentId: number,
    options?: { number?: number; with?: Partial<CommandRoom> },
  ): Promise<void>;
  /** Every comment that bears the mark of an answer to one. */
  answersTo(commentId: number, number?: number): Promise<readonly string[]>;
  publish(path: string, text: string): Promise<unknown>;
  publishReport(report: EngineReport): Promise<unknown>;
  publishStatus(change: Partial<EngineStatus>): Promise<unknown>;
  statusWith(change: Partial<EngineStatus>): EngineStatus;
  /** All that a command could change: branches, the state branch among them, pull requests, orders and what ran. */
  traces(): Promise<unknown>;
}

type Place = Pick<ProposalWorld, 'world' | 'api' | 'life' | 'repository' | 'state' | 'options'>;
export type CommentJob = Parameters<typeof handleComment>[0];

/** Keeps nothing: what a job does that runs again is what most tests here look at. */
export const FORGETFUL: Memory = { of: () => null, keep: () => {} };

/** What a bot works with that has just been started, and its way with a comment. */
export function roomIn({ world, api, life, repository, state, options }: Place): CommandRoom & {
  readonly orders: WaitingOrders;
  answer(job: CommentJob): Promise<void>;
} {
  let now = NOON;
  const room: CommandRoom = {
    login: 'ratchet[bot]',
    api,
    life,
    repository,
    state,
    engine: new EngineWatch({ api, state, login: 'ratchet[bot]', log: options.log }),
    orders: WaitingOrders.open(join(world.dir, 'orders.sqlite')),
    kept: FORGETFUL,
    openCandles: () => CandleStore.openExisting(world.dir),
    night: null,
    ask: null,
    clock: () => {
      now += 1_000;
      return now;
    },
  };
  return { ...room, answer: (job) => handleComment(job, room) };
}

export async function createCommandWorld(...args: Parameters<typeof createProposal>): Promise<CommandWorld> {
  const open = await createProposal(...args);
  const { world, api, state } = open;
  const { answer: _answer, ...room } = roomIn(open);
  const { orders } = room;
  /** Of comments that were never written; the forge's own stay far below. */
  let untold = 1_000_000;
  const here: CommandWorld = {
    ...open,
    room,
    orders,
    say: async (person, body, options = {}) => {
      const id = await here.comment(person, body, options.number);
      await here.answer(person, body, id, options);
      return (await here.answersTo(id, options.number)).at(-1) ?? '';
    },
    tell: (person, body, { isPullRequest = true, with: lent = {} } = {}) => {
      const [name, ...words] = body.slice(1).split(' ');
      const { number } = open;
      untold += 1;
      const commentId = untold;
      const answer = new Answer(api.issues, { number, to: commentId, login: room.login });
      const request = { number, isPullRequest, author: loginOf(person), commentId, words };
      return perform(commandNamed(name!)!, request, { ...room, ...lent }, answer);
    },
    comment: async (person, body, number = open.number) => {
      const { data } = await world.as(person).rest.issues.createComment({ owner, repo, issue_number: number, body });
      return data.id;
    },
    answer: async (person, body, commentId, { number = open.number, with: lent = {} } = {}) => {
      const isPullRequest = number === open.number || (await api.issues.issue(number)).url.includes('/pull/');
      const job = { kind: 'comment', number, commentId, author: loginOf(person), body, isPullRequest } as const;
      const mine = { ...room, ...lent };
      const slow: Job[] = [];
      await receiveComment(job, mine, (put) => slow.push(put));
      for (const put of slow) if (put.kind === 'command') await takeUpCommand(put, mine);
    },
    answersTo: async (commentId, number = open.number) => {
      const comments = await api.issues.comments(number);
      return comments.filter(({ body }) => body.includes(`ratchet:answer:${commentId} `)).map(({ body }) => body);
    },
    publish: (path, text) => state.update('engine', () => new Map([[path, Buffer.from(text)]])),
    publishReport: (report) => here.publish(reportPath, reportText(report)),
    publishStatus: (change) => here.publish(statusPath, statusText(here.statusWith(change))),
    statusWith: (change) => ({
      schema: 'ratchet/engine-status/2',
      status: 'Synced',
      reason: '',
      commit: open.base,
      control: initialControl,
      mode: 'active',
      feed: 'running',
      strategies: [],
      ...change,
    }),
    traces: async () => {
      const { rest } = world.as('owner');
      const [{ data: pulls }, { data: branches }] = await Promise.all([
        rest.pulls.list({ owner, repo, state: 'all', per_page: 100 }),
        rest.repos.listBranches({ owner, repo, per_page: 100 }),
      ]);
      return {
        branches: Object.fromEntries(branches.map(({ name, commit }) => [name, commit.sha])),
        pulls: pulls.map(({ number, state: standing, title, body, head, merged_at, labels }) => {
          return [number, standing, title, body, head.sha, merged_at, labels.map(({ name }) => name)];
        }),
        orders: orders.all(),
        runs: open.runs(),
      };
    },
    close: async () => {
      orders.close();
      await open.close();
    },
  };
  return here;
}
