import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { actionsCommand } from '#bot/cli/actions.ts';
import { decisionsPath } from '#bot/orchestrator/life/decisions.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, ID, OWNER, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';

/** The steps of gates.yml and sign.yml that say whose change it is, held to what the bot itself says. */

let place: ProposalWorld;
let outputs: string;
beforeAll(async () => {
  place = await createProposal();
  outputs = join(place.world.dir, 'outputs');
}, 60_000);
afterEach(() => vi.unstubAllEnvs());
afterAll(() => place?.close());

async function step(...args: readonly string[]): Promise<Readonly<Record<string, string>>> {
  writeFileSync(outputs, '');
  vi.stubEnv('GITHUB_OUTPUT', outputs);
  vi.stubEnv('GITHUB_REPOSITORY', `${owner}/${repo}`);
  vi.stubEnv('GITHUB_API_URL', `${place.world.forge.url}/api/v3`);
  vi.stubEnv('RATCHET_API_TOKEN', place.world.tokens.owner);
  vi.stubEnv('RATCHET_GIT_TOKEN', place.world.tokens.owner);
  const silent = vi.spyOn(console, 'log').mockImplementation(() => {});
  await actionsCommand().parseAsync(args, { from: 'user' });
  silent.mockRestore();
  const lines = readFileSync(outputs, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** What a job finds out about the open pull request at a head, the branches fetched as its mirror step does. */
async function inActions(head: string): Promise<{ number: string; author: string }> {
  const { number, branch, opener } = await step('pull', '--head', head);
  const mirror = join(place.world.dir, 'job.git');
  await step('mirror', '--into', mirror, '--remote', place.options.program.remoteUrl, '--pull', number!);
  const whose = ['--pull', number!, '--head', head, `--branch=${branch}`, `--opener=${opener}`];
  const { author } = await step('author', '--repository', mirror, ...whose);
  return { number: number!, author: author! };
}

const inTheBot = async (number: number) => place.life.authorClassOf(await place.api.pullRequest(number));

describe('whose change it is, in a job as in the bot', () => {
  it("is the bot's for what a night proposes, a repair's for a repair, and a person's for what a person opened", async () => {
    const { clone, world, api, number, head, base } = place;
    await clone.git('checkout', '--quiet', '-B', 'mine', base);
    const mine = await clone.commit('Mine', { 'mine.md': 'x\n' });
    await clone.git('push', '--quiet', 'origin', 'mine');
    const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title: 'Mine', head: 'mine', base: 'main' });
    await clone.git('checkout', '--quiet', '-B', 'repair/x', base);
    const mended = await clone.commit('Mended', { 'package.json': '{}\n' });
    await clone.git('push', '--quiet', 'origin', 'repair/x');
    const repair = await api.openPullRequest({ title: 'Mend', body: '', headRef: 'repair/x', baseRef: 'main' });
    for (const [opened, at, author] of [
      [number, head, 'bot'],
      [data.number, mine, 'person'],
      [repair.number, mended, 'repair'],
    ] as const) {
      expect(await inActions(at)).toEqual({ number: String(opened), author });
      expect(await inTheBot(opened)).toBe(author);
    }
  });

  it("is a person's for exactly the head that a person asked for or approved, and the bot's again when it moves", async () => {
    const { life, pushTo } = place;
    const { number, head } = await life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER });
    const said = async (at: string) => [(await inActions(at)).author, await inTheBot(number)];
    expect(await said(head)).toEqual(['person', 'person']);
    const { headRef } = await place.api.pullRequest(number);
    const moved = await pushTo(headRef, { 'more.md': 'x\n' });
    expect(await said(moved)).toEqual(['bot', 'bot']);
    await life.approve(number, moved, OWNER);
    expect(await said(moved)).toEqual(['person', 'person']);
  });

  it("is the bot's for a night's proposal whoever approves it, and nobody's guess where decisions cannot be read", async () => {
    const { life, number, head, state } = place;
    await life.approve(number, head, OWNER);
    expect([(await inActions(head)).author, await inTheBot(number)]).toEqual(['bot', 'bot']);
    await state.update('tampered', () => new Map([[decisionsPath(number), Buffer.from('{')]]));
    await expect(inActions(head)).rejects.toMatchObject({ code: 'life/decisions' });
    expect(readFileSync(outputs, 'utf8')).toBe('');
  });

  it('is asked for by exact facts: no short hash, no number that is none', async () => {
    const rest = ['--repository', 'x', '--branch=x', '--opener=Bot'];
    for (const wrong of [
      ['--pull', '1', '--head', 'abc'],
      ['--pull', '0', '--head', 'a'.repeat(40)],
    ]) {
      const command = actionsCommand();
      for (const one of command.commands) one.exitOverride().configureOutput({ writeErr: () => {} });
      await expect(command.parseAsync(['author', ...rest, ...wrong], { from: 'user' })).rejects.toThrow(/must be/);
    }
  });
});
