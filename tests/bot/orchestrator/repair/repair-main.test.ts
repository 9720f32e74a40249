import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { type RepairOptions, type RepairReport, repairMain } from '#bot/orchestrator/repair/repair-main.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, OWNER, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { type AdvisoryServer, type KnownWeakness, startNpmRegistry } from '#tests/support/advisory-servers.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

/** What the registry knows now; tests add to it and take away. */
const known: KnownWeakness[] = [];
const weakness = (name: string, title = 'Believes its input'): KnownWeakness => {
  return { id: `GHSA-${name}-bbbb-cccc`, package: name, versions: ['1.0.0'], title };
};

function npm(dependencies: Record<string, string>, inFolder = ''): Record<string, string> {
  const root = { name: 'x', version: '1.0.0', dependencies };
  const places = Object.entries(dependencies).map(([name, version]) => [`node_modules/${name}`, { version }]);
  const packages = { '': root, ...Object.fromEntries(places) };
  return {
    [`${inFolder}package.json`]: `${JSON.stringify(root, null, 2)}\n`,
    [`${inFolder}package-lock.json`]: `${JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, requires: true, packages }, null, 2)}\n`,
  };
}

let registry: AdvisoryServer;
let place: ProposalWorld;
let options: RepairOptions;
let proofs: number[] = [];
let rebased: number[] = [];

beforeAll(async () => {
  registry = await startNpmRegistry(known, {
    hats: { '1.0.0': {}, '1.0.1': {} },
    coat: { '1.0.0': {}, '1.0.1': {} },
    rope: { '1.0.0': {} },
  });
  const tools: RepairTools = {
    clock: () => 0,
    audit: { ...gateTools.audit, npmRegistry: registry.url },
    pypiUrl: 'http://127.0.0.1:1/',
  };
  const paths = { 'policies/paths.yaml': readFileSync('policies/paths.yaml', 'utf8') };
  place = await createProposal('propose', { policies: { ...paths, ...npm({ hats: '1.0.0', coat: '1.0.0', rope: '1.0.0' }) } });
  const { api, repository, state, life, options: own } = place;
  options = {
    ...{ api, repository, state, tools, botLogin: own.botLogin, author: own.author, clock: own.clock, log: own.log },
    rebase: async (number) => {
      rebased.push(number);
      return life.rebase(number);
    },
    askForProof: (number) => proofs.push(number),
  };
});
afterEach(() => {
  registry.answerWith(null);
  proofs = [];
  rebased = [];
});
afterAll(async () => {
  await place.close();
  await registry.close();
});

/** What the registry knows from now on. */
const now = (...weak: readonly KnownWeakness[]): void => {
  known.splice(0, known.length, ...weak);
};
const look = (): Promise<RepairReport> => repairMain(options);
const pull = (number: number) => place.api.pullRequest(number);
const openRepairs = async () => (await place.api.listOpenPullRequests()).filter(({ headRef }) => headRef.startsWith('repair/'));
const branchNames = async () => {
  await place.repository.fetch();
  return (await place.repository.branches()).map(({ name }) => name).filter((name) => name.startsWith('repair/'));
};
async function openByPerson(branch: string, files: Record<string, string>): Promise<number> {
  const { clone, world } = place;
  await clone.git('fetch', '--quiet', 'origin', 'main');
  await clone.git('checkout', '--quiet', '-B', branch, 'origin/main');
  await clone.commit('By hand', files);
  await clone.git('push', '--quiet', 'origin', branch);
  const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title: branch, head: branch, base: 'main' });
  return data.number;
}
async function failAudit(number: number): Promise<void> {
  const { headSha } = await pull(number);
  const output = { title: 'It is weak', summary: 'It is weak', annotations: [] };
  await place.api.writeCheck('audit', headSha, { status: 'completed', conclusion: 'failure' }, output);
}

/** One after another on one forge: what is weak comes and goes. */
describe('a repair of main', { timeout: 60_000 }, () => {
  let first = 0;
  let byPerson = 0;

  it('is none while nothing is weak', async () => {
    expect(await look()).toEqual({ weak: [], unmended: [], number: null, sentences: ['Main has no known weakness.'] });
    expect(await openRepairs()).toEqual([]);
  });

  it('pushes nothing when the registry is away, answers rubbish, or has no fix', async () => {
    now(weakness('hats'));
    registry.answerWith({ status: 503, body: '{}' });
    await expect(look()).rejects.toMatchObject({ code: 'repair/not-looked' });
    registry.answerWith({ status: 200, body: 'rubbish' });
    await expect(look()).rejects.toMatchObject({ code: 'repair/not-looked' });
    registry.answerWith(null);
    now(weakness('rope'));
    const { number, sentences } = await look();
    expect(number).toBeNull();
    expect(sentences).toEqual([
      'Nothing of it can be mended by the bot.',
      'rope 1.0.0 in package-lock.json stays: no version after 1.0.0 is published without it.',
    ]);
    expect([await openRepairs(), await branchNames()]).toEqual([[], []]);
  });

  it('is one pull request that says what moves, why, and what it unblocks', async () => {
    byPerson = await openByPerson('tools', npm({ hats: '1.0.0' }, 'tools/'));
    now(weakness('hats', 'Calls @everyone | and <b>closes</b> #1'));
    await failAudit(byPerson);
    await failAudit(place.number);
    const { number, sentences } = await look();
    first = number!;
    expect(sentences).toEqual([`Opened #${first}: Mend known weaknesses: hats to 1.0.1.`]);
    const { body, headSha, headRef, author } = await pull(first);
    expect(headRef).toMatch(/^repair\/[0-9a-f]{16}$/);
    expect(author).toBe('ratchet[bot]');
    for (const part of [
      '`GHSA-hats-bbbb-cccc`',
      '`1.0.0` → `1.0.1`',
      'dependencies.hats: 1.0.1',
      'ratchet gate audit --author repair',
    ])
      expect(body).toContain(part);
    // The proposal's audit is red for another reason: nothing in it has to do with hats.
    expect(body).toContain(`#${byPerson}: their audit fails for the same advisories`);
    expect(body).not.toContain(`#${place.number},`);
    expect(body).not.toMatch(/@everyone|<b>|[^&]#1\b/);
    const { repository } = place;
    const head = await repository.require(headSha);
    const paths = (await repository.diff(await repository.require('main'), head)).map(({ path }) => path);
    expect(paths).toEqual(['package-lock.json', 'package.json']);
  });

  it('is the same one when main is looked at again, and when main has moved elsewhere', async () => {
    expect((await look()).sentences).toEqual([`#${first} mends this already and is open.`]);
    await place.moveMain({ 'notes.md': 'x\n' });
    expect((await look()).sentences).toEqual([`#${first} mends this already and is open.`]);
    expect((await openRepairs()).map(({ number }) => number)).toEqual([first]);
  });

  it('is made again, under the same number, when main has changed what it changes', async () => {
    const { headSha } = await pull(first);
    const files = npm({ hats: '1.0.0', coat: '1.0.0', rope: '1.0.0' });
    await place.moveMain({ 'package.json': files['package.json']!.replace('"name": "x"', '"name": "x",\n  "private": true') });
    expect((await look()).sentences).toEqual([`Made #${first} again on the new main.`]);
    expect((await pull(first)).headSha).not.toBe(headSha);
    expect((await openRepairs()).map(({ number }) => number)).toEqual([first]);
  });

  it('is proven by the rules of a repair', async () => {
    await place.life.prove(first);
    expect(place.runs().at(-1)).toMatch(/ repair$/);
    await place.life.prove(place.number);
    expect(place.runs().at(-1)).toMatch(/ bot$/);
  });

  it('gives way to one that mends more, with a line, and is back when that is gone', async () => {
    now(weakness('hats'), weakness('coat'));
    const { number: second, sentences } = await look();
    expect(sentences).toEqual([
      `Opened #${second}: Mend known weaknesses: coat to 1.0.1, hats to 1.0.1.`,
      `Closed #${first}: superseded by #${second}, which mends what \`main\` has now.`,
    ]);
    expect((await openRepairs()).map(({ number }) => number)).toEqual([second]);
    expect(await branchNames()).toHaveLength(1);
    now(weakness('hats'));
    const { number: third } = await look();
    expect(third).not.toBe(second);
    expect((await openRepairs()).map(({ number }) => number)).toEqual([third]);
    first = third!;
  });

  it('is not opened again when a person has closed it, and one that is held is not closed', async () => {
    await place.life.close(first, OWNER);
    expect((await look()).sentences).toEqual([`#${first} mended exactly this and was closed by somebody; a person decides.`]);
    now(weakness('coat'));
    const { number: held } = await look();
    await place.life.hold(held!, OWNER);
    now();
    expect((await look()).sentences).toEqual(['Main has no known weakness.']);
    expect((await pull(held!)).state).toBe('open');
    await place.life.release(held!, OWNER);
    expect((await look()).sentences).toEqual([
      `Closed #${held}: what it mends is gone from \`main\`.`,
      'Main has no known weakness.',
    ]);
  });

  it('helps on what it unblocks after its merge: the bot’s own is made again, a person’s proven again, once', async () => {
    now(weakness('hats'), weakness('coat'));
    const { number } = await look();
    const { headSha } = await pull(number!);
    await failAudit(place.number);
    expect(await place.life.merge(number!, headSha, OWNER, 'note')).toMatchObject({ state: 'merged' });
    const before = (await pull(place.number)).headSha;
    const { sentences } = await look();
    expect(rebased).toEqual([place.number]);
    expect(proofs).toEqual([byPerson]);
    const after = (await pull(place.number)).headSha;
    expect(after).not.toBe(before);
    expect(sentences).toEqual([
      `Made #${place.number} again as ${after.slice(0, 12)}, on what #${number} has mended.`,
      `Asked for a proof of #${byPerson}, which #${number} may have unblocked.`,
      'Main has no known weakness.',
    ]);
    [proofs, rebased] = [[], []];
    expect((await look()).sentences).toEqual(['Main has no known weakness.']);
    expect([proofs, rebased]).toEqual([[], []]);
  });

  it('is not brought where main does not say what it may touch', async () => {
    const paths = readFileSync('policies/paths.yaml', 'utf8').replace(/^repair:[\s\S]*?^person:/m, 'person:');
    await place.clone.git('checkout', '--quiet', 'main');
    await place.clone.git('pull', '--quiet', '--ff-only', 'origin', 'main');
    await place.moveMain({ 'policies/paths.yaml': paths, ...npm({ hats: '1.0.0' }) });
    now({ ...weakness('hats'), id: 'GHSA-anew-bbbb-cccc' });
    expect((await look()).sentences).toEqual(['policies/paths.yaml on main has no part "repair", so the bot brings none.']);
    expect(await openRepairs()).toEqual([]);
  });
});
