import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnTask } from '#bot/forge/pages/markdown/render-markdown.ts';
import { createWorld, owner, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';
import { type Browse, browse } from './browse.ts';

const home = `/${owner}/${repo}`;
const DASHBOARD =
  'Tick what you want:\n\n- [ ] retest #12 <!-- ratchet:do retest 12 -->\n- [x] hold\n\n```\n- [ ] not a box\n```\n- [ ] close';

let world: World;
let member: Browse;
let issue: number;
beforeAll(async () => {
  world = await createWorld();
  await seed(world);
  const { data } = await world.bot().rest.issues.create({ owner, repo, title: 'Dashboard', body: DASHBOARD });
  issue = data.number;
  member = browse(world.forge.url);
  await member.get(world.forge.loginUrl('writer'));
});
afterAll(async () => {
  world.contract.assertKept();
  await world.close();
});

const page = async (who: Browse) => (await who.get(`${home}/issues/${issue}`)).text();
const bodyNow = async () => (await world.as('reader').rest.issues.get({ owner, repo, issue_number: issue })).data.body;

/** The hidden fields of the first form that goes to an address. */
function hidden(text: string, address: string): Record<string, string> {
  const form = text.slice(text.indexOf(`action="${address}"`)).split('</form>')[0]!;
  return Object.fromEntries([...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map((match) => [match[1]!, match[2]!]));
}

describe('a box in an issue', () => {
  it('is turned over by a click, and the app hears who did it', async () => {
    const address = `${home}/issues/${issue}/body`;
    const fields = hidden(await page(member), address);
    expect((await member.post(address, { ...fields, task: '0' })).status).toBe(303);
    expect(await bodyNow()).toBe(DASHBOARD.replace('[ ] retest', '[x] retest'));
    const { payload } = await world.webhook('issues', 'edited');
    expect(payload).toMatchObject({ sender: { login: 'writer' }, changes: { body: { from: DASHBOARD } } });
  });

  it('is not turned over on a page that somebody else has overtaken', async () => {
    const address = `${home}/issues/${issue}/body`;
    const fields = hidden(await page(member), address);
    await world.bot().rest.issues.update({ owner, repo, issue_number: issue, body: DASHBOARD });
    expect((await member.post(address, { ...fields, task: '1' })).status).toBe(409);
    expect(await bodyNow()).toBe(DASHBOARD);
  });

  it('only shows to whoever may not write', async () => {
    const text = await page(browse(world.forge.url));
    expect(text).toContain('<input type="checkbox" disabled>');
    expect(text).not.toContain('class="tick"');
  });

  it('is counted as Markdown counts it: what stands in code is none', () => {
    expect(turnTask(DASHBOARD, 1)).toBe(DASHBOARD.replace('[x] hold', '[ ] hold'));
    expect(turnTask(DASHBOARD, 2)).toBe(DASHBOARD.replace('[ ] close', '[x] close'));
    expect(turnTask(DASHBOARD, 3)).toBeNull();
  });
});

describe('a text', () => {
  it('is written anew by its author, a comment too', async () => {
    const { data } = await world.as('writer').rest.issues.createComment({ owner, repo, issue_number: issue, body: 'frist' });
    const address = `${home}/comments/${data.id}/body`;
    const fields = hidden(await page(member), address);
    expect((await member.post(address, { ...fields, body: 'first' })).status).toBe(303);
    expect((await world.as('reader').rest.issues.getComment({ owner, repo, comment_id: data.id })).data.body).toBe('first');
    const { payload } = await world.webhook('issue_comment', 'edited');
    expect(payload).toMatchObject({ changes: { body: { from: 'frist' } } });
  });

  it('is not offered for editing to a reader', async () => {
    const reader = browse(world.forge.url);
    await reader.get(world.forge.loginUrl('reader'));
    expect(await page(reader)).not.toContain('class="edit"');
  });
});

describe('a check', () => {
  it('is asked for again with a button, and its app hears of it', async () => {
    const bot = world.bot();
    const { data: main } = await bot.rest.git.getRef({ owner, repo, ref: 'heads/main' });
    const clone = await world.clone(world.tokens.owner);
    await clone.git('checkout', '--quiet', '-b', 'change');
    const head = await clone.commit('A change', { 'a.txt': 'another\n' });
    await clone.git('push', '--quiet', 'origin', 'change');
    expect(head).not.toBe(main.object.sha);
    const { data: pull } = await bot.rest.pulls.create({ owner, repo, title: 'A change', head: 'change', base: 'main' });
    const { data: check } = await bot.rest.checks.create({
      owner,
      repo,
      name: 'gate',
      head_sha: head,
      status: 'completed',
      conclusion: 'failure',
    });
    const tab = `${home}/pull/${pull.number}/checks`;
    const address = `${home}/checks/${check.id}/rerequest`;
    const answer = await member.post(address, hidden(await (await member.get(tab)).text(), address));
    expect(answer.headers.get('location')).toBe(tab);
    const { payload } = await world.webhook('check_run', 'rerequested');
    expect(payload).toMatchObject({ check_run: { id: check.id, head_sha: head }, sender: { login: 'writer' } });
    expect(await (await browse(world.forge.url).get(tab)).text()).not.toContain('Re-run');
  });
});
