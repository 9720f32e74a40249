import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contractOperations } from '#tests/support/github-contract.ts';
import { createWorld, owner, repo, seed, type World } from './forge-under-test.ts';

let world: World;
let sha: string;
beforeEach(async () => {
  world = await createWorld();
  const { heads } = await seed(world, { work: { 'w.txt': 'w' }, spare: { 's.txt': 's' } });
  sha = heads.work!;
  const bot = world.bot();
  await bot.pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' });
  await bot.issues.createComment({ owner, repo, issue_number: 1, body: 'c' });
  await bot.issues.addLabels({ owner, repo, issue_number: 1, labels: ['l'] });
  await bot.checks.create({ owner, repo, name: 'gate', head_sha: sha });
  await bot.repos.createDeployment({ owner, repo, ref: 'main', auto_merge: false, required_contexts: [] });
  await world.as('owner').repos.updateBranchProtection({
    owner,
    repo,
    branch: 'main',
    required_status_checks: null,
    enforce_admins: false,
    required_pull_request_reviews: null,
    restrictions: null,
  });
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

/** An address of something that is there. */
async function addressOf(path: string): Promise<string> {
  const commit = await world.bot().git.getCommit({ owner, repo, commit_sha: sha });
  const blob = await world.bot().git.createBlob({ owner, repo, content: 'x' });
  const values: Record<string, string> = {
    owner,
    repo,
    branch: 'main',
    username: 'writer',
    installation_id: String(world.installationId),
    check_run_id: '1',
    comment_id: '1',
    issue_number: '1',
    pull_number: '1',
    deployment_id: '1',
    name: 'l',
    path: 'README.md',
    base: 'main',
    head: 'work',
    sha,
    commit_sha: sha,
    tree_sha: commit.data.tree.sha,
    file_sha: blob.data.sha,
    ref: path.includes('/git/') ? 'heads/spare' : 'main',
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`No value for {${name}} of ${path}`);
    return value;
  });
}

/** As the one who may ask it: the app itself under /app, an installation for checks, the owner for the rest. */
async function authorizationFor(path: string): Promise<string> {
  if (path.startsWith('/app') || path.endsWith('/installation')) {
    return `Bearer ${((await world.jwt().auth({ type: 'app' })) as { token: string }).token}`;
  }
  if (!path.includes('/check-runs')) return `token ${world.tokens.owner}`;
  const { data } = await world.jwt().apps.createInstallationAccessToken({ installation_id: world.installationId });
  return `token ${data.token}`;
}

describe('every operation of GitHub’s contract the bot uses', () => {
  it('is answered: reading with what is asked for, writing without a body with a refusal that names what is missing', async () => {
    const operations = contractOperations();
    expect(operations).toHaveLength(57);
    // What takes things away comes last, or the rest would not be found.
    const ordered = [...operations].sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
    for (const { method, path } of ordered) {
      const answer = await world.contract.fetch(`${world.forge.url}/api/v3${await addressOf(path)}`, {
        method,
        headers: { authorization: await authorizationFor(path) },
      });
      const accepted = method === 'GET' ? [200] : method === 'DELETE' ? [200, 204] : [200, 201, 405, 409, 422];
      expect(accepted, `${method} ${path} answered ${answer.status}: ${await answer.text()}`).toContain(answer.status);
    }
  });

  it('survives bodies that are not what it expects', { timeout: 120_000 }, async () => {
    const junk = [
      'null',
      '[]',
      '"text"',
      '{"',
      '{}',
      JSON.stringify(hostile(7)),
      JSON.stringify(hostile('x')),
      JSON.stringify(hostile([null])),
      JSON.stringify(hostile({ a: { b: 1 } })),
    ];
    for (const { method, path } of contractOperations().filter(
      (operation) => operation.method !== 'GET' && operation.method !== 'DELETE',
    )) {
      const address = await addressOf(path);
      const authorization = await authorizationFor(path);
      for (const body of junk) {
        const answer = await world.contract.fetch(`${world.forge.url}/api/v3${address}`, {
          method,
          body,
          headers: { authorization },
        });
        expect(answer.status, `${method} ${path} with ${body}: ${await answer.text()}`).toBeLessThan(500);
      }
    }
  });

  it('survives addresses that are not what it expects', { timeout: 120_000 }, async () => {
    const odd = [
      '%00',
      '..%2f..%2fetc%2fpasswd',
      '--upload-pack=x',
      '%F0%9F%92%A9',
      '-1',
      '1e9',
      '99999999999999999999',
      "'%20OR%201=1",
      'a%20b',
      '%E0%A4%A',
      'HEAD~1',
      '@{-1}',
      ':/x',
    ];
    for (const { method, path } of contractOperations().filter(
      (operation) => operation.method === 'GET' && operation.path.startsWith('/repos/{owner}/{repo}/'),
    )) {
      const fixed = path.replace('{owner}', owner).replace('{repo}', repo);
      if (!fixed.includes('{')) continue;
      for (const value of odd) {
        const address = fixed.replace(/\{\w+\}/g, value);
        const answer = await fetch(`${world.forge.url}/api/v3${address}`, {
          method,
          headers: { authorization: `token ${world.tokens.owner}` },
        });
        expect(answer.status, `${method} ${address}: ${await answer.text()}`).toBeLessThan(500);
      }
    }
  });
});

/** Every field a body might have, each holding the same wrong thing. */
function hostile(value: unknown): Record<string, unknown> {
  const fields = [
    'title',
    'body',
    'state',
    'labels',
    'head',
    'base',
    'sha',
    'ref',
    'content',
    'tree',
    'parents',
    'message',
    'author',
    'name',
    'head_sha',
    'output',
    'status',
    'conclusion',
    'event',
    'comments',
    'merge_method',
    'commit_title',
    'permissions',
    'repositories',
    'payload',
    'environment',
    'required_status_checks',
    'enforce_admins',
    'restrictions',
    'required_pull_request_reviews',
    'base_tree',
    'context',
    'target_url',
    'color',
    'encoding',
    'force',
    'draft',
  ];
  return Object.fromEntries(fields.map((field) => [field, value]));
}
