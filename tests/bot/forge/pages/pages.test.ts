import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, owner, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';
import { type Browse, browse } from './browse.ts';

const home = `/${owner}/${repo}`;
let world: World;
let main: string;
let head: string;
let number: number;
let reader: Browse;
let member: Browse;

beforeAll(async () => {
  world = await createWorld();
  const seeded = await seed(world, {
    'evolve/ema-cross/1': { 'a.txt': 'one\n2\nthree\n', 'strategies/x.ts': 'const x = "<b>";\n' },
    'ratchet/state': { 'ledger.jsonl': '{}\n' },
  });
  main = seeded.main;
  head = seeded.heads['evolve/ema-cross/1']!;
  const bot = world.bot();
  const pull = await bot.rest.pulls.create({
    owner,
    repo,
    title: 'Tune <it>',
    body: '# Verdict\n\n**good**',
    head: 'evolve/ema-cross/1',
    base: 'main',
  });
  number = pull.data.number;
  await bot.rest.issues.addLabels({ owner, repo, issue_number: number, labels: ['ratchet'] });
  await bot.rest.issues.create({ owner, repo, title: 'An unsigned tree', body: 'See #1' });
  world.forge.protectBranch(owner, repo, 'main', {
    requiredChecks: [{ context: 'gate', appId: world.app.appId }],
    enforceAdmins: false,
  });
  reader = browse(world.forge.url);
  member = browse(world.forge.url);
  await member.get(world.forge.loginUrl(owner));
});

afterAll(async () => {
  await world.close();
});

async function text(path: string, who: Browse = reader): Promise<string> {
  const response = await who.get(path);
  expect(response.status, path).toBe(200);
  return response.text();
}

describe('pages for people', () => {
  it('lead from the root to the only repository', async () => {
    expect((await reader.get('/')).headers.get('location')).toBe(home);
  });

  it('read out the README and list the files', async () => {
    const page = await text(home);
    expect(page).toContain('<h1 id="user-content-strategies">Strategies</h1>');
    expect(page).toContain(`href="${home}/blob/main/a.txt"`);
  });

  it('show a file at a branch whose name has slashes', async () => {
    const page = await text(`${home}/blob/evolve/ema-cross/1/strategies/x.ts`);
    expect(page).toContain('const x = &quot;&lt;b&gt;&quot;;');
    expect(page).toContain('id="L1"');
    expect((await reader.get(`${home}/blob/evolve/ema-cross/1/strategies`)).headers.get('location')).toContain('/tree/');
  });

  it('list branches, the state branch among them, and commits', async () => {
    const branches = await text(`${home}/branches`);
    expect(branches).toContain('ratchet/state');
    expect(branches).toContain('1 ahead, 0 behind');
    expect(await text(`${home}/commits/main`)).toContain('The first commit');
    expect(await text(`${home}/commit/${main}`)).toContain('README.md');
  });

  it('list pull requests and issues apart', async () => {
    expect(await text(`${home}/pulls`)).toContain('Tune &lt;it&gt;');
    const issues = await text(`${home}/issues`);
    expect(issues).toContain('An unsigned tree');
    expect(issues).not.toContain('Tune &lt;it&gt;');
    expect((await reader.get(`${home}/issues/${number}`)).headers.get('location')).toBe(`${home}/pull/${number}`);
    expect((await reader.get(`${home}/pull/2`)).headers.get('location')).toBe(`${home}/issues/2`);
  });

  it('show a pull request in four tabs', async () => {
    const conversation = await text(`${home}/pull/${number}`);
    expect(conversation).toContain('<strong>good</strong>');
    expect(conversation).toContain('ratchet[bot]');
    expect(await text(`${home}/pull/${number}/commits`)).toContain('Work on evolve/ema-cross/1');
    expect(await text(`${home}/pull/${number}/checks`)).toContain('No check has looked at');
    expect(await text(`${home}/pull/${number}/files`)).toContain('<span class="sign">+</span>2');
    expect(await (await reader.get(`${home}/pull/${number}.diff`)).text()).toContain('+++ b/a.txt');
  });

  it('show checks with their output, and annotations at their lines', async () => {
    await world.bot().rest.checks.create({
      owner,
      repo,
      name: 'guard',
      head_sha: head,
      status: 'completed',
      conclusion: 'failure',
      output: {
        title: 'A digit',
        summary: '| a |\n| - |\n| b |',
        annotations: [{ path: 'a.txt', start_line: 2, end_line: 2, annotation_level: 'failure', message: 'A digit <here>.' }],
      },
    });
    const checks = await text(`${home}/pull/${number}/checks`);
    expect(checks).toContain('<td>b</td>');
    expect(checks).toContain(`href="${home}/blob/${head}/a.txt#L2"`);
    expect(await text(`${home}/pull/${number}/files`)).toContain('A digit &lt;here&gt;.');
  });

  it('change the fingerprint when something happens', async () => {
    const path = `${home}/pull/${number}/fingerprint`;
    const before = await text(path);
    expect(await text(path)).toBe(before);
    await world.as('writer').rest.issues.createComment({ owner, repo, issue_number: number, body: 'hm' });
    expect(await text(path)).not.toBe(before);
  });

  it('forbid inline script, frames and guesses of content', async () => {
    const response = await reader.get(`${home}/pull/${number}`);
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await response.text()).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+="|\sstyle="/);
    const raw = await reader.get(`${home}/raw/main/README.md`);
    expect(raw.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(raw.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('serve their parts for ever under an address that changes with them', async () => {
    const page = await text(home);
    const [, style] = /href="(\/-\/assets\/[0-9a-f]{16}\/style\.css)"/.exec(page)!;
    const response = await reader.get(style!);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  it.each([
    '/nobody/nothing',
    `${home}/pull/999`,
    `${home}/blob/main/gone.txt`,
    `${home}/commit/0123456`,
    `${home}/tree/main/..%2f..`,
    `${home}/nonsense`,
  ])('answer %s with 404', async (path) => {
    expect((await reader.get(path)).status).toBe(404);
  });

  it('do not answer to a strange name', async () => {
    const status = await new Promise((resolve, reject) => {
      const { port } = new URL(world.forge.url);
      request({ host: '127.0.0.1', port, path: home, headers: { Host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

describe('a session', () => {
  it('opens with a link that works once, in a cookie that scripts cannot read', async () => {
    const fresh = browse(world.forge.url);
    const link = world.forge.loginUrl('writer');
    const opened = await fresh.get(link);
    expect(opened.status).toBe(303);
    expect(opened.headers.get('location')).toBe('/');
    expect(opened.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict$/);
    expect(await text(home, fresh)).toContain('<span>writer</span>');
    const second = await browse(world.forge.url).get(link);
    expect(second.status).toBe(200);
    expect(await second.text()).toContain('This link was used before');
  });

  it('outlives a restart of the forge', async () => {
    await world.restart();
    expect(await text(home, member)).toContain(`<span>${owner}</span>`);
  });

  it('ends when its owner signs out', async () => {
    const fresh = browse(world.forge.url);
    await fresh.get(world.forge.loginUrl('writer'));
    const stolen = fresh.cookie();
    await fresh.post('/-/logout', { form_key: await fresh.formKey(home), back: '//evil.example' }).then((response) => {
      expect(response.headers.get('location')).toBe('/');
    });
    const page = await fetch(`${world.forge.url}${home}`, { headers: { Cookie: stolen } });
    expect(await page.text()).toContain('Reading only');
  });

  it('is refused for an unknown account', () => {
    expect(() => world.forge.loginUrl('nobody')).toThrow(expect.objectContaining({ code: 'forge/no-user' }));
  });

  it('is needed to write, and without it there is no form', async () => {
    expect(await text(`${home}/pull/${number}`)).not.toContain('<textarea');
    const refused = await reader.post(`${home}/pull/${number}/comment`, { body: 'x' });
    expect(refused.status).toBe(401);
  });

  it('does not let another site write', async () => {
    const path = `${home}/pull/${number}/comment`;
    expect((await member.post(path, { body: 'x' })).status).toBe(403);
    expect((await member.post(path, { body: 'x', form_key: 'wrong' })).status).toBe(403);
    const key = await member.formKey(`${home}/pull/${number}`);
    expect((await member.post(path, { body: 'x', form_key: key }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await member.post(path, { body: 'x'.repeat(500_000), form_key: key })).status).toBe(413);
  });

  it('hides a private repository from everyone else', async () => {
    world.forge.createRepository({ owner, name: 'secret', defaultBranch: 'main', visibility: 'private' });
    expect((await reader.get(`/${owner}/secret`)).status).toBe(404);
    expect(await text(`/${owner}/secret`, member)).toContain('Nothing here yet');
    expect(await text('/', member)).toContain('/secret');
  });
});

describe('writing from the page', () => {
  it('is writing through the API: the bot hears of it', async () => {
    const key = await member.formKey(`${home}/pull/${number}`);
    const response = await member.post(`${home}/pull/${number}/comment`, { form_key: key, body: '/help\r\nplease' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/#issuecomment-\d+$/);
    const heard = await world.webhook('issue_comment', 'created', (payload) => JSON.stringify(payload).includes('/help'));
    expect(heard.payload).toMatchObject({ comment: { body: '/help\nplease', user: { login: owner } } });
  });

  it('refuses an empty comment', async () => {
    const key = await member.formKey(`${home}/pull/${number}`);
    expect((await member.post(`${home}/pull/${number}/comment`, { form_key: key, body: ' ' })).status).toBe(422);
  });

  it('closes and reopens', async () => {
    const key = await member.formKey(`${home}/issues/2`);
    await member.post(`${home}/issues/2/comment`, { form_key: key, body: 'done', state: 'closed' });
    expect(await text(`${home}/issues/2`)).toContain('closed this');
    await member.post(`${home}/issues/2/comment`, { form_key: key, body: '', state: 'open' });
    expect(await text(`${home}/issues/2`)).toContain('<span class="state open">');
  });

  it('approves the commit that was read', async () => {
    const key = await member.formKey(`${home}/pull/${number}`);
    await member.post(`${home}/pull/${number}/review`, { form_key: key, event: 'APPROVE', sha: head });
    expect(await text(`${home}/pull/${number}`)).toMatch(/<b>octo<\/b>\s*approved/);
  });
});

describe('merging from the page', () => {
  const merge = async (fields: Record<string, string> = {}) =>
    member.post(`${home}/pull/${number}/merge`, {
      form_key: await member.formKey(`${home}/pull/${number}`),
      sha: head,
      method: 'squash',
      ...fields,
    });

  it('is refused with the reason while the gate is missing, even to the owner', async () => {
    expect(await text(`${home}/pull/${number}`, member)).toMatch(
      /disabled[^>]*>Merge<\/button><span id="blocked">Required status check &quot;gate&quot; is expected\./,
    );
    const response = await merge();
    expect(response.status).toBe(405);
    expect(await response.text()).toContain('Required status check &quot;gate&quot; is expected.');
    expect((await world.as('owner').rest.pulls.get({ owner, repo, pull_number: number })).data.merged).toBe(false);
  });

  it('is refused when the head is not the one that was read', async () => {
    await world
      .bot()
      .rest.checks.create({ owner, repo, name: 'gate', head_sha: head, status: 'completed', conclusion: 'success' });
    const response = await merge({ sha: main });
    expect(response.status).toBe(409);
    expect(await response.text()).toContain('Head branch was modified');
  });

  it('puts the change on main and says so', async () => {
    const response = await merge();
    expect(response.status).toBe(303);
    const page = await text(`${home}/pull/${number}`);
    expect(page).toContain('<span class="state merged">Merged</span>');
    expect(page).toMatch(/<b>octo<\/b>\s*merged this into/);
    expect(page).not.toContain('>Merge</button>');
    const { data } = await world.as('owner').rest.pulls.get({ owner, repo, pull_number: number });
    expect(data.merged_by?.login).toBe(owner);
    await world.bot().rest.repos.createDeployment({
      owner,
      repo,
      ref: data.merge_commit_sha!,
      environment: 'paper',
      auto_merge: false,
      required_contexts: [],
    });
    expect(await text(`${home}/pull/${number}`)).toContain('Deployed to <b>paper</b>: pending');
    expect(await text(`${home}/pulls?state=closed`)).toContain('Merged');
  });
});
