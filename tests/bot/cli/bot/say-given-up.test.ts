import { RequestError } from '@octokit/request-error';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sayGivenUp } from '#bot/cli/bot/say-given-up.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { keepDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';
import { RatchetError } from '#engine/errors.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';

const login = 'ratchet[bot]';
const SECRET = 'ghs_0123456789abcdef';

let place: ProposalWorld;
beforeAll(async () => {
  place = await createProposal();
}, 60_000);
afterAll(() => place?.close());

/** GitHub's refusal as Octokit throws it, the token in its request as ever. */
function refused(status: number, message: string, request: string): RequestError {
  const [method, url] = request.split(' ');
  const headers = { authorization: `token ${SECRET}` };
  return new RequestError(message, status, {
    request: { method: method as 'GET', url: url!, headers },
    response: { status, url: url!, headers: {}, data: {} },
  });
}

const say = (job: Job, error: unknown) => sayGivenUp(job, error, { api: place.api, login });
const commentsOn = async (issue_number: number) =>
  (await place.world.as('owner').rest.issues.listComments({ owner, repo, issue_number })).data.map(({ body }) => body ?? '');
const finalCheck = async (ref: string) => {
  const { data } = await place.world.as('owner').rest.checks.listForRef({ owner, repo, ref, check_name: 'gate' });
  return data.check_runs.map(({ conclusion, output }) => [conclusion, output.summary ?? '']);
};

describe('what is not tried again', () => {
  it('is said under the command that asked for it, in one answer without a link, a mention or a secret', async () => {
    const { number } = place;
    const job = { kind: 'command', number, commentId: 7, author: owner, body: '/evolve', isPullRequest: true } as const;
    const error = refused(403, `No @octo [x](http://x) - https://docs.github.com/rest`, 'POST https://x/repos/o/r/pulls');
    await say(job, error);
    await say(job, error);
    const [answer, ...more] = await commentsOn(number);
    expect(more).toEqual([]);
    expect(answer).toContain('is not tried again: GitHub answered 403 when it was asked to open a pull request: No');
    expect(answer).toContain('permissions');
    expect(answer).toContain('write the command in a new comment');
    expect(answer).not.toMatch(/ @octo|\]\(http|docs\.github|ghs_/);
  });

  it('is logged without the token that the request went with', () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    log.error({ err: refused(403, 'No', 'POST https://x/repos/o/r/pulls') }, 'A job failed.');
    expect(lines.join()).toContain('"status":403');
    expect(lines.join()).not.toContain(SECRET);
  });

  it('is a check that has failed, and no longer one that runs, where a pull request was to be proven', async () => {
    const { api, number, head } = place;
    await api.writeCheck('gate', head, { status: 'in_progress' }, { title: 'Running', summary: 'x', annotations: [] });
    await say({ kind: 'gates', number }, new RatchetError('repository/unreachable', 'git cannot fetch.', 'Look at the line.'));
    const [[conclusion, summary]] = (await finalCheck(head)) as [[string, string]];
    expect(conclusion).toBe('failure');
    expect(summary).toContain('git cannot fetch. Look at the line.');
    expect(summary).toContain('Comment `/retest`');
    await say({ kind: 'merge-group', number, head: place.base, base: place.base }, new Error('no'));
    expect(await finalCheck(place.base)).toMatchObject([['failure', expect.stringContaining('merge queue again')]]);
  });

  it('is said to whoever ticked a box of the dashboard, and to nobody who edited another issue', async () => {
    const box = '- [ ] retest <!-- ratchet:do retest 7 aaaaaaaaaaaa -->';
    const { number } = await keepDashboard(box, { api: place.api, botLogin: login });
    const other = (await place.world.as('owner').rest.issues.create({ owner, repo, title: 'Mine' })).data.number;
    const edit = { kind: 'issue-edited', sender: owner, body: box.replace('[ ]', '[x]'), at: '2026-03-02T00:00:00Z' } as const;
    for (const about of [number, other])
      await say({ ...edit, number: about }, refused(502, 'Bad Gateway', 'GET https://x/pulls/1'));
    await say({ ...edit, number, body: box, at: '2026-03-03T00:00:00Z' }, new Error('no'));
    const said = await commentsOn(number);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`@${owner} ticked a box. This could not be done`);
    expect(said[0]).toContain('answered 502 when it was asked to read the pull requests: Bad Gateway.');
    expect(await commentsOn(other)).toEqual([]);
  });

  it('is left to the log where nobody asked', async () => {
    for (const kind of ['main-moved', 'tend', 'state-moved', 'dashboard', 'repair'] as const)
      await say({ kind }, new Error('no'));
  });
});
