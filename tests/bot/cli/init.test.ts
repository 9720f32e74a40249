import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { rulesOf } from '#bot/github/rules-api.ts';
import { parsePublicKeys } from '#engine/attestation/keys.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { createWorld, owner, repo, type World } from '#tests/bot/forge/forge-under-test.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

interface Report {
  written: string[];
  same: string[];
  left: string[];
  appId: number | null;
}

const program = `octo/ratchet@${'a'.repeat(40)}`;

describe('ratchet init', () => {
  let world: World;
  let workspace: string;
  let tree: string;
  const init = async (...flags: string[]): Promise<Report> => {
    const ended = await ratchetHere('init', tree, '--workspace', workspace, '--program', program, '--json', ...flags);
    expect(ended).toMatchObject({ code: 0 });
    return JSON.parse(ended.stdout) as Report;
  };
  const about = () => ['--repository', `${owner}/${repo}`, '--workspace', workspace, '--api-url', `${world.forge.url}/api/v3`];
  const withToken = async <T>(variable: string, token: string, work: () => Promise<T>): Promise<T> => {
    process.env[variable] = token;
    try {
      return await work();
    } finally {
      delete process.env[variable];
    }
  };
  beforeAll(async () => {
    world = await createWorld();
    workspace = join(world.dir, 'workspace');
    tree = (await world.clone(world.tokens.owner)).path;
  });
  afterAll(() => world.close());

  it('writes into an empty repository all that it needs, and commits nothing', async () => {
    const report = await init();
    expect(report).toMatchObject({ left: [], same: [], repository: `${owner}/${repo}` });
    for (const path of [
      '.github/CODEOWNERS',
      '.github/ISSUE_TEMPLATE/strategy-idea.yml',
      '.github/workflows/gates.yml',
      '.github/workflows/nightly.yml',
      'README.md',
      'policies/autonomy.yaml',
      'policies/evaluation.yaml',
      'policies/keys.yaml',
      'ratchet.yaml',
      'strategies/ema-cross/manifest.yaml',
      'strategies/ema-cross/strategy.ts',
    ])
      expect(report.written).toContain(path);
    expect(parse(readFileSync(join(tree, 'ratchet.yaml'), 'utf8'))).toEqual({ repository: `${owner}/${repo}`, pollSeconds: 30 });
    expect(readFileSync(join(tree, '.github/CODEOWNERS'), 'utf8')).toContain(`/policies/ @${owner}`);
    const { keys } = parsePublicKeys(readFileSync(join(tree, 'policies/keys.yaml'), 'utf8'));
    expect(keys.map(({ purpose }) => purpose)).toEqual(['gate', 'owner']);
    const git = (...args: string[]) => execFileSync('git', ['-C', tree, ...args], { encoding: 'utf8', stdio: 'pipe' });
    expect(() => git('rev-parse', '--verify', 'HEAD')).toThrow();
    expect(existsSync(join(tree, 'keys'))).toBe(false);
  }, 60_000);

  it('finds everything there the second time, and never writes over what a team has changed', async () => {
    writeFileSync(join(tree, 'policies/autonomy.yaml'), 'ours');
    writeFileSync(join(tree, 'policies/keys.yaml'), 'keys: []');
    const again = await init();
    expect(again.written).toEqual([]);
    expect(again.left.toSorted()).toEqual(['policies/autonomy.yaml', 'policies/keys.yaml']);
    const forced = await init('--force');
    expect(forced.written).toEqual(['policies/autonomy.yaml']);
    // Whose signatures count is not for a flag to change.
    expect(forced.left).toEqual(['policies/keys.yaml']);
  }, 60_000);

  it.each<[string, () => string[], RegExp]>([
    ['a folder that is no working tree', () => [join(world.dir, 'nowhere')], /no git working tree/],
    [
      'a folder inside of one',
      () => {
        mkdirSync(join(tree, 'inside'), { recursive: true });
        return [join(tree, 'inside')];
      },
      /lies inside the working tree/,
    ],
    [
      'a workspace inside, with its keys',
      () => [tree, '--workspace', join(tree, 'var')],
      /inside the working tree, with its private keys/,
    ],
    [
      'a workspace inside, through a link',
      () => {
        symlinkSync(tree, join(world.dir, 'link'));
        return [tree, '--workspace', join(world.dir, 'link', 'var')];
      },
      /inside the working tree, with its private keys/,
    ],
    [
      'a workspace inside, through a link to what is not made yet',
      () => {
        symlinkSync('link/var', join(world.dir, 'dangling'));
        return [tree, '--workspace', join(world.dir, 'dangling')];
      },
      /inside the working tree, with its private keys/,
    ],
    [
      'a workspace outside whose keys are inside',
      () => {
        mkdirSync(join(world.dir, 'outside'));
        symlinkSync(join(tree, 'var'), join(world.dir, 'outside', 'keys'));
        return [tree, '--workspace', join(world.dir, 'outside')];
      },
      /inside the working tree, with its private keys: \S+gate\.pem is/,
    ],
    [
      'a working tree that is named through a link',
      () => [join(world.dir, 'link'), '--workspace', join(tree, 'var')],
      /inside the/,
    ],
    ['code owners whom GitHub cannot ask', () => [tree, '--code-owner', 'octo'], /nobody whom GitHub could ask/],
    ['a program without its commit', () => [tree, '--program', 'octo/ratchet@main'], /owner\/name@commit/],
    ['rules without a token', () => ['--protect', '--app-id', '1', ...about()], /RATCHET_ADMIN_TOKEN is not set/],
    ['rules without an App', () => ['--protect', ...about()], /not known which App/],
    ['adoption of nothing', () => ['--adopt', ...about()], /no branch main/],
  ])('refuses %s', async (_what, args, reason) => {
    const ended = await ratchetHere('init', ...args());
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toMatch(reason);
    expect(existsSync(join(tree, 'var'))).toBe(false);
  });

  it('adopts what was pushed, once, and sets the rules, once', async () => {
    const clone = await world.clone(world.tokens.owner);
    tree = clone.path;
    await init('--app-id', String(world.app.appId));
    await clone.commit('Start with Ratchet', {});
    await clone.git('push', '--quiet', 'origin', 'HEAD:main');
    const adopt = () => withToken('RATCHET_GIT_TOKEN', world.tokens.owner, () => ratchetHere('init', '--adopt', ...about()));
    expect((await adopt()).stdout).toMatch(/^Adopted at [0-9a-f]{12}: .*ema-cross/);
    expect((await adopt()).stdout).toContain('all of them have a statement');

    const protect = (token: string) =>
      withToken('RATCHET_ADMIN_TOKEN', token, () =>
        ratchetHere('init', '--protect', '--app-id', String(world.app.appId), ...about()),
      );
    expect((await protect(world.tokens.writer)).stderr).toMatch(/may not change the rules/);
    expect((await protect(world.tokens.owner)).stdout).toMatch(/Made the ruleset "ratchet: main"/);
    expect((await protect(world.tokens.owner)).stdout).toMatch(/Changed the ruleset "ratchet: main"/);
    const api = world.as('reader');
    const main = await rulesOf(api, { owner, name: repo }, 'main');
    expect(main.checks).toEqual([{ context: 'gate', appId: world.app.appId }]);
    expect(main.mergeMethods).toEqual(['squash']);
    expect((await rulesOf(api, { owner, name: repo }, 'ratchet/state')).types).toEqual(
      new Set(['creation', 'deletion', 'non_fast_forward', 'update']),
    );

    // GitHub understands whom it is to ask, and says so when it does not.
    const faults = async () => (await api.rest.repos.codeownersErrors({ owner, repo })).data.errors;
    expect(await faults()).toEqual([]);

    // They hold: nobody pushes to main any more, nor rewrites the state branch.
    await clone.commit('Past the gate', { 'x.txt': 'x' });
    await expect(clone.git('push', '--quiet', 'origin', 'HEAD:main')).rejects.toThrow();
    await expect(clone.git('push', '--quiet', '--force', 'origin', 'HEAD:ratchet/state')).rejects.toThrow();
    // Nor does a collaborator write there; what he is told names the rule, not only git's last word.
    const theirs = await Repository.openMirror({
      dir: join(world.dir, 'theirs.git'),
      remoteUrl: `${world.forge.url}/${owner}/${repo}.git`,
      authorization: () => basicAuthorization('x-access-token', world.tokens.writer),
    });
    const person = { name: 'Writer', email: 'writer@example.org' };
    const state = await StateBranch.open({ repository: theirs, author: person, clock: Date.now });
    const order = new Map([['control.json', Buffer.from('{"mode":"active"}')]]);
    await expect(state.update('control: active', () => order)).rejects.toThrow(
      /GH013: Repository rule violations found for refs\/heads\/ratchet\/state\. Cannot update this protected ref\./,
    );
  }, 60_000);
});
