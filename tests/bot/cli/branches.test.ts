import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LIFE_PATH } from '#bot/gates/life-policy.ts';
import { archiveRef } from '#bot/orchestrator/life/stale-branches.ts';
import { owner, repo, webhookSecret } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, HEAD_REF, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const POLICY = `proposals: { open: 5, perHour: 10 }
branches: { staleAfterDays: 1, archiveAfterDays: 2, keep: [] }
labels: false
`;

let place: ProposalWorld;
beforeAll(async () => {
  place = await createProposal('propose', { policies: { [LIFE_PATH]: POLICY } });
  vi.stubEnv('RATCHET_APP_ID', String(place.world.app.appId));
  vi.stubEnv('RATCHET_PRIVATE_KEY', place.world.app.privateKeyPem);
  vi.stubEnv('RATCHET_WEBHOOK_SECRET', webhookSecret);
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await place.close();
});

const branches = (command: string, ...rest: string[]) => {
  const { url } = place.world.forge;
  const where = ['--api-url', `${url}/api/v3`, '--remote-url', `${url}/${owner}/${repo}.git`, '--repository', `${owner}/${repo}`];
  return ratchetHere('branches', command, ...rest, ...where, '--workspace', join(place.world.dir, 'workspace'));
};

describe('ratchet branches', { timeout: 60_000 }, () => {
  it('lists what is stale, and archives what it is told to', async () => {
    const { clone, head, base, number, api, repository } = place;
    expect(await branches('list')).toMatchObject({ code: 0, stdout: expect.stringContaining('No branch is stale.') });
    const refused = await branches('archive', HEAD_REF);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(`in the open pull request #${number}`);
    await api.closePullRequest(number);
    const old = await repository.commit({
      parent: await repository.require(base),
      changes: new Map([['old.md', Buffer.from('x')]]),
      message: 'Long ago',
      author: { name: 'A Person', email: 'person@example.org' },
      date: new Date('2020-01-01T00:00:00Z'),
    });
    await repository.push('old', old, { expect: null });
    expect((await branches('archive', HEAD_REF)).stdout).toContain(archiveRef(HEAD_REF, head));
    expect(await clone.git('ls-remote', 'origin')).toContain(archiveRef(HEAD_REF, head));
    expect((await branches('list')).stdout).toMatch(/^old +\w{12} {2}2020-01-01 .* work that is in no pull request$/m);
    expect(JSON.parse((await branches('list', '--json')).stdout)).toMatchObject([{ name: 'old', tip: old, since: '2020-01-01' }]);
  });
});
