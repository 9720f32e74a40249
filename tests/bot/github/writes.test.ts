import { createAppAuth } from '@octokit/auth-app';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answer, marked } from '#bot/commands/answer.ts';
import { clientWith, fetchWithin } from '#bot/github/client.ts';
import { JobQueue } from '#bot/github/job-queue.ts';
import { comeBackAt } from '#bot/github/refusal.ts';
import { refusalInWords } from '#bot/github/refusal-in-words.ts';
import { type Api, RepositoryApi } from '#bot/github/repository-api.ts';
import { DASHBOARD_LABEL, keepDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';
import { openOnDemand, STAGE } from '#bot/orchestrator/life/on-demand.ts';
import { explain } from '#engine/errors.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, ID, manifest, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { startUnrulyForge, type Trouble, type UnrulyForge } from '#tests/support/unruly-forge.ts';

/**
 * Everything the bot writes through GitHub's API, each against everything that can happen to a request, as a job of the queue. The merge
 * has its own tests; branches are made and moved by git.
 */

const place = { owner, repo };
const LOGIN = 'ratchet[bot]';
/** How long is waited for an answer that will not come; for all others as long as they take. */
const SHORT_MS = 250;

let of: ProposalWorld;
let line: UnrulyForge;
let api: RepositoryApi;
let silent: { readonly request: RegExp; left: number } | null = null;

beforeAll(async () => {
  of = await createProposal();
  line = await startUnrulyForge(of.world.forge.url);
  const Client = clientWith({ manners: 'local' });
  const client = new Client({
    baseUrl: line.apiUrl,
    request: { fetch: ((input, init) => fetchWithin(patienceMs(String(input), init?.method))(input, init)) as typeof fetch },
    authStrategy: createAppAuth,
    auth: { appId: of.world.app.appId, privateKey: of.world.app.privateKeyPem, installationId: of.world.installationId },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  api = new RepositoryApi(client as unknown as Api, { owner, name: repo }, of.world.app.appId);
  past = of.world.bot();
}, 60_000);
afterAll(async () => {
  await line?.close();
  await of?.close();
});

function patienceMs(url: string, method = 'GET'): number {
  const { pathname } = new URL(url);
  if (silent === null || silent.left === 0 || !silent.request.test(`${method} ${pathname.replace('/api/v3', '')}`)) return 30_000;
  silent.left -= 1;
  return SHORT_MS;
}

interface Write {
  /** As the bot says it to people. */
  readonly deed: string;
  /** The request that goes wrong. */
  readonly request: RegExp;
  /** Makes what must be there before, and gives what the write is about. */
  readonly before?: (key: string) => Promise<number>;
  /** One attempt of a job, which knows nothing of those before it. */
  readonly attempt: (key: string, about: number) => Promise<unknown>;
  /** How it stands on the forge. */
  readonly standing: (key: string, about: number) => Promise<unknown>;
  readonly undone: unknown;
  readonly done: unknown;
  /** Which troubles also happen at every attempt, until it is given up; a plain refusal when left out. */
  readonly always?: readonly string[];
  /** Which troubles happen at all, where each costs git's work; every one when left out. */
  readonly only?: readonly string[];
}

/** The same App, past the line; one client, since each asks for a token of its own. */
let past: ReturnType<ProposalWorld['world']['bot']>;
const bot = () => past.rest;
const answerTo = (key: string, number: number) => new Answer(api.issues, { number, to: key, login: LOGIN });
const newIssue = async () => (await bot().issues.create({ ...place, title: 'A place to write' })).data.number;
const saidTo = async (_key: string, issue_number: number) =>
  (await bot().issues.listComments({ ...place, issue_number })).data.map(({ body }) => body?.split('\n')[0]);
const labelsOn = async (number: number) =>
  (await bot().issues.listLabelsOnIssue({ ...place, issue_number: number })).data.map(({ name }) => name).sort();
const pull = async (number: number) => (await bot().pulls.get({ ...place, pull_number: number })).data;
const stageChange = (key: string) =>
  openOnDemand(
    {
      kind: STAGE,
      strategy: ID,
      name: key,
      base: of.base as never,
      changes: new Map([[`${FOLDER}/manifest.yaml`, Buffer.from(manifest('canary', key))]]),
      title: `Stage ${key}`,
      message: 'A test.',
      isRepeatable: true,
      body: () => 'A test.',
    },
    { ...of.options, api },
  );
const proposed = async (key: string) => {
  const { data } = await bot().pulls.list({ ...place, head: `${owner}:${STAGE}/${ID}/${key}`, state: 'all' });
  return Promise.all(data.map(({ number }) => labelsOn(number)));
};
const WORN = [['ratchet', STAGE, `strategy:${ID}`].sort()];
const ANNOTATIONS = Array.from({ length: 60 }, (_, index) => ({
  path: 'README.md',
  startLine: index + 1,
  endLine: index + 1,
  level: 'failure' as const,
  message: `Line ${index + 1}`,
}));
const check = (key: string) =>
  api.writeCheck(
    key,
    of.head,
    { status: 'completed', conclusion: 'failure' },
    { title: 'No', summary: 'No.', annotations: ANNOTATIONS },
  );
const checks = async (key: string) => {
  const { data } = await bot().checks.listForRef({ ...place, ref: of.head, check_name: key, filter: 'all' });
  return data.check_runs.map(({ status, output }) => `${status} ${output.annotations_count}`);
};
const running = async (key: string) => {
  await bot().checks.create({ ...place, name: key, head_sha: of.head, status: 'in_progress' });
  return 0;
};
const deploy = (key: string) =>
  api.reportDeployment({ commit: of.base, environment: key, state: 'success', description: 'It runs.' });
const deployments = async (key: string) => {
  const { data } = await bot().repos.listDeployments({ ...place, environment: key });
  const statuses = data.map(async ({ id: deployment_id }) => {
    return (await bot().repos.listDeploymentStatuses({ ...place, deployment_id })).data.map(({ state }) => state);
  });
  return Promise.all(statuses);
};
const dashboards = async () => {
  const { data } = await bot().issues.listForRepo({ ...place, labels: DASHBOARD_LABEL, state: 'all' });
  return data.map(({ body }) => body);
};
/** The dashboards of the cases before are issues like others. */
const noDashboard = async () => {
  const { data } = await bot().issues.listForRepo({ ...place, labels: DASHBOARD_LABEL, state: 'all' });
  for (const { number } of data) await bot().issues.update({ ...place, issue_number: number, labels: [] });
  return 0;
};
const keep = (key: string) => keepDashboard(`Dashboard ${key}`, { api, botLogin: LOGIN });

const WRITES: readonly Write[] = [
  {
    deed: 'write a comment',
    request: /^POST .*\/issues\/\d+\/comments$/,
    before: newIssue,
    attempt: (key, number) => answerTo(key, number).write('Done.'),
    standing: saidTo,
    undone: [],
    done: ['Done.'],
    always: ['403', '404', '409', '422', '502', 'a cut line'],
  },
  {
    deed: 'edit a comment',
    request: /^PATCH .*\/issues\/comments\/\d+$/,
    before: async (key) => {
      const number = await newIssue();
      await bot().issues.createComment({ ...place, issue_number: number, body: marked('Working.', key) });
      return number;
    },
    attempt: (key, number) => answerTo(key, number).write('Done.'),
    standing: saidTo,
    undone: ['Working.'],
    done: ['Done.'],
  },
  {
    deed: 'show that a comment was seen',
    request: /^POST .*\/reactions$/,
    before: async () => {
      const issue_number = await newIssue();
      return (await bot().issues.createComment({ ...place, issue_number, body: 'Hear me.' })).data.id;
    },
    attempt: (_key, comment) => api.issues.acknowledge(comment),
    standing: async (_key, comment_id) =>
      (await bot().reactions.listForIssueComment({ ...place, comment_id })).data.map(({ content }) => content),
    undone: [],
    done: ['eyes'],
  },
  {
    deed: 'open a pull request',
    request: /^POST .*\/pulls$/,
    attempt: stageChange,
    standing: proposed,
    undone: [],
    done: WORN,
  },
  {
    deed: 'change labels',
    request: /^POST .*\/issues\/\d+\/labels$/,
    attempt: stageChange,
    standing: proposed,
    // The pull request is there, and the next attempt finds it.
    undone: [[]],
    done: WORN,
    only: ['403', '502', 'an answer lost on the way'],
  },
  {
    deed: 'change labels',
    request: /^DELETE .*\/labels\//,
    before: async (key) => {
      const { data } = await bot().issues.create({ ...place, title: key, labels: [key] });
      return data.number;
    },
    attempt: (key, number) => api.labels.remove(number, key),
    standing: async (key, number) => (await labelsOn(number)).includes(key),
    undone: true,
    done: false,
    // The answers that may mean it is gone already.
    always: ['404', '422'],
  },
  {
    deed: 'edit or close a pull request',
    request: /^PATCH .*\/pulls\/\d+$/,
    before: async () => {
      await bot().pulls.update({ ...place, pull_number: of.number, title: 'As it was' });
      return of.number;
    },
    attempt: (key, number) => api.rewritePullRequest(number, { title: key, body: 'Anew.' }),
    standing: async (key, number) => (await pull(number)).title === key,
    undone: false,
    done: true,
  },
  {
    deed: 'edit or close a pull request',
    request: /^PATCH .*\/pulls\/\d+$/,
    before: async () => {
      await bot().pulls.update({ ...place, pull_number: of.number, state: 'open' });
      return of.number;
    },
    attempt: (_key, number) => api.closePullRequest(number),
    standing: async (_key, number) => (await pull(number)).state,
    undone: 'open',
    done: 'closed',
  },
  {
    deed: 'open an issue',
    request: /^POST .*\/issues$/,
    before: noDashboard,
    attempt: keep,
    standing: dashboards,
    undone: [],
    done: [expect.stringMatching(/^Dashboard /)],
  },
  {
    deed: 'edit or close an issue',
    request: /^PATCH .*\/issues\/\d+$/,
    before: async () => {
      await noDashboard();
      const issueAsIs = { title: 'Ratchet dashboard', body: 'As it was', labels: [DASHBOARD_LABEL] };
      return (await bot().issues.create({ ...place, ...issueAsIs })).data.number;
    },
    attempt: keep,
    standing: dashboards,
    undone: ['As it was'],
    done: [expect.stringMatching(/^Dashboard /)],
  },
  {
    deed: 'write a check',
    request: /^POST .*\/check-runs$/,
    attempt: check,
    standing: checks,
    undone: [],
    done: ['completed 60'],
  },
  {
    deed: 'write a check',
    request: /^PATCH .*\/check-runs\/\d+$/,
    before: running,
    attempt: check,
    standing: checks,
    undone: ['in_progress 0'],
    done: ['completed 60'],
  },
  {
    deed: 'record a deployment',
    request: /^POST .*\/deployments$/,
    attempt: deploy,
    standing: deployments,
    undone: [],
    done: [['success']],
  },
  {
    deed: 'tell the status of a deployment',
    request: /^POST .*\/deployments\/\d+\/statuses$/,
    attempt: deploy,
    standing: deployments,
    // Announced and not told of: the next attempt tells of the same one.
    undone: [[]],
    done: [['success']],
  },
  {
    deed: 'remove a branch',
    request: /^DELETE .*\/git\/refs\//,
    before: async (key) => {
      await bot().git.createRef({ ...place, ref: `refs/heads/${key}`, sha: of.base });
      return 0;
    },
    attempt: (key) => api.deleteBranch(key),
    standing: async (key) => (await bot().git.listMatchingRefs({ ...place, ref: `heads/${key}` })).data.length,
    undone: 1,
    done: 0,
    // The answers that may mean it is gone already.
    always: ['404', '422'],
  },
];

const refuse = (status: number, message: string, headers: Record<string, string> = {}): Trouble => ({
  kind: 'refuse',
  status,
  message,
  headers,
});

/** What can happen to a request, and what a person reads of it when it happens every time. */
const TROUBLES: readonly (readonly [name: string, Trouble, words: RegExp | null])[] = [
  ['403', refuse(403, 'Resource not accessible by integration'), /answered 403 .*not accessible.*permissions/],
  ['a secondary limit', refuse(403, 'You have exceeded a secondary rate limit', { 'retry-after': '90' }), null],
  ['404', refuse(404, 'Not Found'), /answered 404 .*It is gone, or the App may not see it/],
  ['409', refuse(409, 'Conflict'), /answered 409 .*Somebody changed the same thing/],
  ['422', refuse(422, 'Validation Failed'), /answered 422 .*does not take what it was given/],
  ['429', refuse(429, 'Too many requests'), null],
  ['502', refuse(502, 'Bad Gateway'), /answered 502 .*trouble on its side/],
  ['a cut line', { kind: 'cut' }, /gave no answer .*Ask again when it can be reached/],
  ['silence', { kind: 'silence' }, null],
  ['an answer lost on the way', { kind: 'lose-answer' }, null],
];

/** A job by the queue's rules and a clock that nobody waits for. Gives what it was given up for; null when it was done. */
async function work(attempt: () => Promise<unknown>): Promise<unknown> {
  let now = Date.UTC(2026, 2, 2);
  const queue = JobQueue.open(':memory:', { clock: () => now, pausesMs: [2_000, 10_000] });
  queue.add({ kind: 'repair' });
  try {
    for (;;) {
      now += queue.msUntilDue() ?? 0;
      const { id } = queue.take()!;
      try {
        await attempt();
        return null;
      } catch (error) {
        if (queue.fail(id, explain(error), comeBackAt(error, now)) === 'failed') return error;
      }
    }
  } finally {
    queue.close();
  }
}

const CASES = WRITES.flatMap(({ always = ['403'], only, ...write }, row) =>
  TROUBLES.flatMap(([name, trouble, words], column) => {
    if (only?.includes(name) === false) return [];
    const what = `${write.deed} (${write.request.source.slice(1, 7).trim()})`;
    return [{ what, name, write, trouble, words: always.includes(name) ? words : null, key: `case-${row}-${column}` }];
  }),
);

describe('what the bot writes on GitHub', () => {
  it.each(CASES)(
    'to $what is done once in the end, or not at all and says why, after $name',
    async ({ write, trouble, words, key }) => {
      const { request, attempt, standing, deed } = write;
      const about = (await write.before?.(key)) ?? 0;
      if (words !== null) {
        line.misbehave(request, trouble, 100);
        const error = await work(() => attempt(key, about));
        line.behave();
        expect(refusalInWords(error)).toMatch(words);
        expect(refusalInWords(error)).toContain(`when it was asked to ${deed}: `);
        expect(await standing(key, about)).toEqual(write.undone);
      }
      line.misbehave(request, trouble);
      silent = trouble.kind === 'silence' ? { request, left: 1 } : null;
      const before = line.asked.length;
      expect(await work(() => attempt(key, about))).toBeNull();
      line.behave();
      expect(line.asked.slice(before).some((asked) => request.test(asked))).toBe(true);
      expect(await standing(key, about)).toEqual(write.done);
    },
  );

  it('to write a comment waits as long as a limit says, and says so when that never ends', async () => {
    line.misbehave(/^POST .*\/comments$/, refuse(429, 'Too many requests', { 'retry-after': '90' }), 1_000);
    const issue = await newIssue();
    const error = await work(() => answerTo('limited', issue).write('Done.'));
    line.behave();
    expect(refusalInWords(error)).toMatch(/answered 429 when it was asked to write a comment: .*ask again in an hour/);
    expect(await saidTo('limited', issue)).toEqual([]);
  });
});
