import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleBox, handleBoxes } from '#bot/commands/handle-boxes.ts';
import { KeptAnswers } from '#bot/commands/kept-answers.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { type Api, RepositoryApi } from '#bot/github/repository-api.ts';
import { keepDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';
import { readFacts } from '#bot/orchestrator/dashboard/read-facts.ts';
import { renderDashboard } from '#bot/orchestrator/dashboard/render-dashboard.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { type CommandWorld, createCommandWorld, loginOf, type Person } from './command-world.ts';

let here: CommandWorld;
let dashboard: number;
let edits = 0;
const rendered = async () => renderDashboard(await readFacts(here.options));
const draw = async () => keepDashboard(await rendered(), { api: here.api, botLogin: here.room.login });
const commentsOn = async (number: number) =>
  (await here.api.issues.comments(number)).filter(({ author }) => author === here.room.login).map(({ body }) => body);

beforeAll(async () => {
  here = await createCommandWorld('propose');
  dashboard = (await draw()).number;
}, 60_000);
afterAll(() => here?.close());

/** Ticks boxes as the forge's page would, lets the bot take that up and do what follows, and gives the jobs. */
async function tick(person: Person, change: (text: string) => string): Promise<readonly Job[]> {
  const before = (await here.api.issues.issue(dashboard)).body;
  const body = change(before);
  await here.world.as('writer').rest.issues.update({ owner, repo, issue_number: dashboard, body });
  edits += 1;
  const at = `2026-03-02T12:00:${String(edits).padStart(2, '0')}Z`;
  const jobs: Job[] = [];
  const edit = { kind: 'issue-edited', number: dashboard, sender: loginOf(person), body, before, at } as const;
  await handleBoxes(edit, await rendered(), here.room, (job) => jobs.push(job));
  for (const job of jobs) if (job.kind === 'box') await handleBox(job, here.room);
  await draw();
  return jobs;
}

const ticked = (command: string) => (text: string) =>
  text.replace(new RegExp(`- \\[ \\](.*ratchet:do ${command} ${here.number} )`), '- [x]$1');

describe('a box of the dashboard', { timeout: 60_000 }, () => {
  it('of somebody who may not is refused where it would have been done, and drawn empty again', async () => {
    const before = await here.traces();
    await tick('reader', ticked('close'));
    expect((await commentsOn(here.number)).at(-1)).toMatch(
      /^@reader ticked `\/close` on the dashboard\. @reader, `\/close` needs the permission \*\*write\*\*/,
    );
    expect(await here.traces()).toEqual(before);
    expect((await here.api.issues.issue(dashboard)).body).toBe(await rendered());
  });

  it('does nothing by its words, nor when a line is written in by hand, and what was changed is drawn anew', async () => {
    const before = await here.traces();
    const jobs = await tick(
      'owner',
      (text) => `${text.replaceAll('Open', 'No')}\n- [x] close it <!-- ratchet:do close 999 aaaaaaaaaaaa -->`,
    );
    expect(jobs).toEqual([]);
    expect(await here.traces()).toEqual(before);
    expect((await here.api.issues.issue(dashboard)).body).toBe(await rendered());
  });

  it('is for the head it was drawn for: one that moved since is told, and nothing is done', async () => {
    const [stale] = await tick('owner', ticked('retest'));
    const { head } = stale as Extract<Job, { kind: 'box' }>;
    expect(here.head.startsWith(head)).toBe(true);
    await here.pushTo((await here.api.pullRequest(here.number)).headRef, { 'more.md': 'between\n' });
    const runs = here.runs();
    const late = { ...(stale as Extract<Job, { kind: 'box' }>), at: '2026-03-02T13:00:00Z' };
    await handleBox(late, here.room);
    expect((await commentsOn(here.number)).at(-1)).toMatch(new RegExp(`It was for \`${head}\`; the head is .* Nothing was done`));
    expect(here.runs()).toEqual(runs);
    // The dashboard that a person still looks at offers the old head.
    expect(await tick('owner', ticked('close'))).toEqual([]);
    expect((await commentsOn(dashboard)).at(-1)).toContain('ticked what is out of date. `/close` was for');
    expect((await here.api.pullRequest(here.number)).state).toBe('open');
  });

  it('that was done and could not be answered is answered when its job runs again, and not done a second time', async () => {
    const kept = KeptAnswers.open(join(here.world.dir, 'boxes.sqlite'), () => 0);
    const { headSha } = await here.api.pullRequest(here.number);
    const at = '2026-03-02T14:00:00Z';
    const job = { kind: 'box', command: 'retest', number: here.number, head: headSha.slice(0, 12), sender: owner, at } as const;
    await handleBox(job, { ...here.room, kept });
    const runs = here.runs();
    const said = await commentsOn(here.number);
    // As if the bot had moved the head itself, as a rebase does.
    await handleBox({ ...job, head: 'a'.repeat(12) }, { ...here.room, kept });
    expect(here.runs()).toEqual(runs);
    expect(await commentsOn(here.number)).toEqual(said);
    kept.close();
  });

  it('is done once for whoever may, and is gone with its pull request', async () => {
    const jobs = await tick('owner', ticked('close'));
    expect(jobs).toMatchObject([{ kind: 'box', command: 'close', number: here.number }]);
    for (const job of jobs) if (job.kind === 'box') await handleBox(job, here.room);
    const said = (await commentsOn(here.number)).filter(
      (body) => body.includes('ticked `/close`') && body.includes(`@${owner} ticked`),
    );
    expect(said).toHaveLength(1);
    expect((await here.api.pullRequest(here.number)).state).toBe('closed');
    expect((await here.api.issues.issue(dashboard)).body).not.toContain(`ratchet:do close ${here.number} `);
  });
});

describe('the dashboard', { timeout: 60_000 }, () => {
  it('is written when it says something else, and otherwise only read', async () => {
    await draw();
    const client = here.world.bot();
    let writes = 0;
    client.hook.before('request', ({ method, url }) => {
      if (method !== 'GET' && url.includes('/issues')) writes += 1;
    });
    const api = new RepositoryApi(client as Api, { owner, name: repo }, here.world.app.appId);
    let body = await rendered();
    const look = () => keepDashboard(body, { api, botLogin: here.room.login });
    for (let looks = 0; looks < 3; looks += 1) await look();
    expect(writes).toBe(0);
    body += '\nOne thing more.\n';
    for (let looks = 0; looks < 3; looks += 1) await look();
    expect(writes).toBe(1);
  });
});
