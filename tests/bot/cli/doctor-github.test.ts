import { describe, expect, it } from 'vitest';
import {
  judgeCodeOwners,
  judgeDefaultBranch,
  judgeKept,
  judgeMainRules,
  judgePermissions,
  judgePolicies,
  judgeQueue,
  judgeStatements,
  judgeWebhook,
  judgeWorkflows,
  judgeWriters,
} from '#bot/cli/doctor/judge-github.ts';
import { APP_PERMISSIONS } from '#bot/github/app-manifest.ts';

const KEPT = new Set(['deletion', 'non_fast_forward']);
const APP = 42;

describe('ratchet doctor, of a repository on GitHub, finds', () => {
  it.each([
    ['what the bot needs', APP_PERMISSIONS, 'good', /needs/],
    ['one permission too few', { ...APP_PERMISSIONS, checks: 'read' }, 'missing', /checks: write/],
    ['one that was never granted', { metadata: 'read' }, 'missing', /contents: write/],
    ['workflows too much', { ...APP_PERMISSIONS, workflows: 'write' }, 'weak', /workflows/],
    ['administration too much, though it is read only', { ...APP_PERMISSIONS, administration: 'read' }, 'weak', /administration/],
  ])('%s', (_what, granted, status, found) => {
    expect(judgePermissions(granted)).toMatchObject({ status, found: expect.stringMatching(found) });
  });

  it.each([
    ['polling where there is no webhook', null, 'note'],
    ['polling where it leads nowhere', { url: 'https://ratchet.invalid/webhooks', failed: 0, told: 0 }, 'note'],
    ['a webhook that is taken now and then', { url: 'https://bot.example/webhooks', failed: 4, told: 5 }, 'good'],
    ['a webhook that nobody takes', { url: 'https://bot.example/webhooks', failed: 5, told: 5 }, 'weak'],
  ])('%s', (_what, hook, status) => {
    expect(judgeWebhook(hook).status).toBe(status);
  });

  it.each([
    ['the gate of this App', [{ context: 'gate', appId: APP }], 'good', /only/],
    ['no gate', [], 'missing', /not proven/],
    ['another check', [{ context: 'lint', appId: APP }], 'missing', /not proven/],
    ['a gate that anybody may post', [{ context: 'gate', appId: null }], 'missing', /anybody/],
    ['the gate of another App', [{ context: 'gate', appId: 7 }], 'missing', /another one/],
  ])('%s required on main', (_what, checks, status, found) => {
    const [gate] = judgeMainRules({ types: KEPT, checks, mergeMethods: ['squash'] }, APP);
    expect(gate).toMatchObject({ status, found: expect.stringMatching(found) });
  });

  it('a default branch of another name, from which nothing would ever be deployed', () => {
    expect(judgeDefaultBranch('main').status).toBe('good');
    expect(judgeDefaultBranch('trunk')).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('trunk'),
      mend: expect.stringContaining('Rename it to main'),
    });
  });

  it('a merge queue, which only the bot can serve, and nothing where there is none', () => {
    expect(judgeQueue(KEPT)).toEqual([]);
    expect(judgeQueue(new Set(['merge_queue']))).toMatchObject([
      { status: 'note', found: expect.stringContaining('by no workflow'), mend: expect.stringContaining('ratchet bot serve') },
    ]);
  });

  it('branches that can be rewritten, and merges that are no squashes', () => {
    expect(judgeKept('ratchet/state', KEPT).status).toBe('good');
    expect(judgeKept('ratchet/state', new Set(['deletion'])).status).toBe('weak');
    const merges = (mergeMethods: string[] | null) => judgeMainRules({ types: KEPT, checks: [], mergeMethods }, APP)[2]?.status;
    expect([merges(['squash']), merges(['squash', 'merge']), merges(null)]).toEqual(['good', 'weak', 'weak']);
  });

  it.each<[string, string[], boolean | null, string, RegExp]>([
    ['anybody who may push writing where orders stand', ['deletion', 'non_fast_forward'], null, 'missing', /forge an order/],
    ['that they may begin it anew', ['update'], true, 'weak', /begin it anew/],
    ['the App kept out itself', ['update', 'creation'], false, 'missing', /keep the App itself/],
    ['the App alone let past', ['update', 'creation'], true, 'good', /the App/],
    ['rules of which GitHub says no more', ['update', 'creation'], null, 'good', /the App/],
  ])('%s', (_what, types, isAppLetPast, status, found) => {
    const check = judgeWriters('ratchet/state', new Set(types), isAppLetPast);
    expect(check).toMatchObject({ name: 'writers of ratchet/state', status, found: expect.stringMatching(found) });
    expect(check.mend === null).toBe(status === 'good');
    if (status !== 'good') expect(check.mend).toContain('ratchet init --protect');
  });

  it('code owners whom nobody can ask', () => {
    expect(judgeCodeOwners([]).status).toBe('good');
    expect(judgeCodeOwners(null)).toMatchObject({ status: 'note', mend: expect.stringContaining('ratchet init') });
    expect(judgeCodeOwners(['line 2, unknown owner: * @octo-org'])).toMatchObject({
      status: 'weak',
      found: expect.stringContaining('@octo-org'),
      mend: expect.stringContaining('an organisation by itself is nobody'),
    });
  });

  it('policies that cannot be used, and strategies that nobody signed', () => {
    expect(judgePolicies(8, []).status).toBe('good');
    expect(judgePolicies(8, ['policies/x.yaml cannot be read.'])).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('x.yaml'),
    });
    expect(judgeStatements([{ id: 'a', isSigned: true }]).status).toBe('good');
    expect(judgeStatements([{ id: 'a', isSigned: false }])).toMatchObject({
      status: 'missing',
      mend: expect.stringContaining('--adopt'),
    });
    expect(judgeStatements([]).status).toBe('missing');
  });

  it('workflows that lack, and actions whose name can be moved', () => {
    const pinned = `steps:\n  - uses: actions/checkout@${'a'.repeat(40)} # v5\n  - uses: './local'\n`;
    const path = '.github/workflows/gates.yml';
    const statuses = (text: string) => judgeWorkflows([path], new Map([[path, text]])).map(({ status }) => status);
    expect(statuses(pinned)).toEqual(['good', 'good']);
    expect(statuses(pinned.replace(/@a+/, '@v5'))).toEqual(['good', 'weak']);
    expect(statuses(`${pinned}  - uses: docker://alpine:3\n`)).toEqual(['good', 'weak']);
    expect(judgeWorkflows([path], new Map())[0]).toMatchObject({ status: 'weak', found: expect.stringContaining(path) });
  });
});
