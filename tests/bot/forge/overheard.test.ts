import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverheardAnswer } from '#bot/forge/overheard.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { overheardProblem } from '#tests/support/github-contract.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { createWorld, owner, repo, seed, type World } from './forge-under-test.ts';

let world: World;
const heard: OverheardAnswer[] = [];
const listen = (message: unknown): void => void heard.push(message as OverheardAnswer);
beforeAll(async () => {
  world = await createWorld();
  await seed(world);
  subscribe('ratchet:forge:answer', listen);
});
afterAll(async () => {
  unsubscribe('ratchet:forge:answer', listen);
  await world.close();
});

describe('what the forge answers', () => {
  it("is overheard whoever asks: the bot's own client, a page, a stranger with a bad token", async () => {
    await new RepositoryApi(world.bot(), { owner, name: repo }, world.app.appId).pageUrl();
    await fetch(`${world.forge.url}/api/v3/repos/${owner}/nothing`, { headers: { Authorization: 'token no' } });
    expect(heard.map(({ method, path, status }) => [method, path, status])).toEqual(
      expect.arrayContaining([
        ['GET', `/repos/${owner}/${repo}`, 200],
        ['GET', `/repos/${owner}/nothing`, 401],
      ]),
    );
  });

  it('is found out when it is not what GitHub would answer', () => {
    const answer = heard.find(({ path, status }) => status === 200 && path === `/repos/${owner}/${repo}`)!;
    expect(overheardProblem(answer)).toBeNull();
    const { full_name: _gone, ...rest } = JSON.parse(answer.body);
    expect(overheardProblem({ ...answer, body: JSON.stringify(rest) })).toContain('full_name');
    expect(overheardProblem({ ...answer, path: '/repos/a/b/nowhere' })).toContain('neither the contract nor the list');
  });

  it('is found out in a process of its own as well', () => {
    const folder = temporaryFolder('overheard');
    const file = join(folder.path, 'problems');
    const bad: OverheardAnswer = {
      method: 'GET',
      path: `/repos/${owner}/${repo}`,
      status: 200,
      contentType: 'application/json',
      body: '{}',
    };
    const program = `import { channel } from 'node:diagnostics_channel'; channel('ratchet:forge:answer').publish(${JSON.stringify(bad)});`;
    const overhear = `--import=${pathToFileURL(resolve('tests/support/overhear-process.mjs')).href}`;
    execFileSync(process.execPath, [overhear, '--input-type=module', '-e', program], {
      env: { ...process.env, RATCHET_TEST_CONTRACT_FILE: file },
    });
    expect(readFileSync(file, 'utf8')).toMatch(/^GET \/repos\/\{owner\}\/\{repo\} → 200: .*required/);
    folder.remove();
  });
});
