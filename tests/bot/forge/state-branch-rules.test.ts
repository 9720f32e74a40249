import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayBypass, putRulesets, rulesOf } from '#bot/github/rules-api.ts';
import { branchRules, STATE_RULES, STATE_WRITER_RULES } from '#bot/init/branch-rules.ts';
import {
  type Clone,
  createWorld,
  owner,
  ratchetApp,
  refusal,
  repo,
  seed,
  type World,
  webhookSecret,
} from './forge-under-test.ts';
import { browse } from './pages/browse.ts';

const branch = 'ratchet/state';
const ref = `heads/${branch}`;

/** What `ratchet init --protect` asks for, over git and over the API, as everybody who might write there. */
describe('the state branch, once ratchet init --protect was run', () => {
  let world: World;
  /** Two commits: what the branch holds, and what somebody would like it to hold. */
  let state: string;
  let order: string;
  const clones = new Map<string, Clone>();
  const push = async (who: string, ...args: string[]): Promise<string> => clones.get(who)!.git('push', 'origin', ...args);
  const standsAt = async (): Promise<string> => (await world.as('owner').git.getRef({ owner, repo, ref })).data.object.sha;
  /** The App's installation token, as git and the engine would use it. */
  const appToken = async (): Promise<string> => {
    const { data } = await world.jwt().apps.createInstallationAccessToken({ installation_id: world.installationId });
    return data.token;
  };

  beforeAll(async () => {
    world = await createWorld();
    const { clone } = await seed(world, { forged: { 'control.json': '{}' } });
    await putRulesets(world.as('owner'), { owner, name: repo }, branchRules(world.app.appId));
    clones.set('owner', clone);
    clones.set('writer', await world.clone(world.tokens.writer));
    clones.set('app', await world.clone(await appToken()));
    state = await clone.git('rev-parse', 'main');
    order = await clone.git('rev-parse', 'forged');
    for (const other of clones.values()) await other.git('fetch', '--quiet', 'origin', 'main', 'forged');
  });
  afterAll(async () => {
    await world.close();
    world.contract.assertKept();
  });

  it('is not begun by a collaborator, by push or by API', async () => {
    await expect(push('writer', `${state}:refs/heads/${branch}`)).rejects.toThrow(
      /GH013: Repository rule violations found for refs\/heads\/ratchet\/state[\s\S]*- Cannot create ref due to creations being restricted\./,
    );
    const made = world.as('writer').git.createRef({ owner, repo, ref: `refs/${ref}`, sha: state });
    expect(await refusal(made)).toMatchObject({
      status: 422,
      message: expect.stringMatching(
        /^Repository rule violations found\n\nCannot create ref due to creations being restricted\./,
      ),
    });
    expect(await refusal(standsAt())).toMatchObject({ status: 404 });
  });

  it('is begun by an administrator, as ratchet init --adopt does', async () => {
    await push('owner', `${state}:refs/heads/${branch}`);
    expect(await standsAt()).toBe(state);
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ['a moved reference', () => world.as('writer').git.updateRef({ owner, repo, ref, sha: order }), 422],
    [
      'a written file',
      () =>
        world.as('writer').repos.createOrUpdateFileContents({
          owner,
          repo,
          branch,
          path: 'control.json',
          message: 'control: active',
          content: Buffer.from('{}').toString('base64'),
        }),
      409,
    ],
    [
      'a merged pull request',
      async () => {
        const { data } = await world.as('writer').pulls.create({ owner, repo, head: 'forged', base: branch, title: 'An order' });
        return world.as('writer').pulls.merge({ owner, repo, pull_number: data.number });
      },
      405,
    ],
  ])('takes no order from a collaborator by %s', async (_what, write, status) => {
    expect(await refusal(write())).toMatchObject({
      status,
      message: expect.stringMatching(/^Repository rule violations found\n\nCannot update this protected ref\./),
    });
    expect(await standsAt()).toBe(state);
  });

  it('takes none by push either, which GitHub words as a violation of its rules, with a page that shows them', async () => {
    const refused = await push('writer', `${order}:refs/heads/${branch}`).catch((error: Error) => error.message);
    const [, address] = String(refused).match(/Review all repository rules at (\S+)/)!;
    const person = browse(world.forge.url);
    await person.get(world.forge.loginUrl('writer'));
    const page = await (await person.get(address!.slice(world.forge.url.length))).text();
    for (const words of ['Writing to it is restricted', 'It cannot be rewritten', STATE_WRITER_RULES])
      expect(page).toContain(words);
    expect(page).not.toContain('These checks must have passed');
    expect(refused).toMatch(
      /error: GH013: Repository rule violations found for refs\/heads\/ratchet\/state\.\s+remote: Review all repository rules at http\S+\/rules\?ref=refs%2Fheads%2Fratchet%2Fstate[\s\S]*- Cannot update this protected ref\./,
    );
    expect(await standsAt()).toBe(state);
  });

  it('takes none from another App', async () => {
    const other = world.forge.registerApp({ ...ratchetApp, slug: 'other', name: 'Other', webhookSecret });
    const { installationId } = world.forge.installApp(other.appId, owner, repo);
    const moved = world.bot(other, installationId).git.updateRef({ owner, repo, ref, sha: order });
    expect(await refusal(moved)).toMatchObject({ status: 422, message: expect.stringContaining('Cannot update') });
    expect(await standsAt()).toBe(state);
  });

  it('is written by the App and by an administrator, by push and by API', async () => {
    await push('app', `${order}:refs/heads/${branch}`);
    expect(await standsAt()).toBe(order);
    for (const [who, client] of [
      ['app', world.bot()],
      ['owner', world.as('owner')],
    ] as const) {
      const { data } = await client.repos.createOrUpdateFileContents({
        owner,
        repo,
        branch,
        path: `${who}.json`,
        message: 'status',
        content: Buffer.from('{}').toString('base64'),
      });
      expect(await standsAt()).toBe(data.commit.sha);
    }
    const clone = clones.get('owner')!;
    await clone.git('fetch', '--quiet', 'origin', branch);
    await clone.git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    const next = await clone.commit('by hand', { 'control.json': '{"mode":"halted"}' });
    await push('owner', `${next}:refs/heads/${branch}`);
    expect(await standsAt()).toBe(next);
  });

  it.each(['owner', 'app', 'writer'])(
    'is neither rewritten nor deleted by %s: what lets past one ruleset leaves the other',
    async (who) => {
      const before = await standsAt();
      const rewritten = who === 'writer' ? /GH013/ : /GH013[\s\S]*- Cannot force-push to this branch/;
      await expect(push(who, '--force', `${state}:refs/heads/${branch}`)).rejects.toThrow(rewritten);
      await expect(push(who, `:refs/heads/${branch}`)).rejects.toThrow(/GH013[\s\S]*- Cannot delete this branch/);
      const client = who === 'app' ? world.bot() : world.as(who as 'owner' | 'writer');
      const forced = client.git.updateRef({ owner, repo, ref, sha: state, force: true });
      expect(await refusal(forced)).toMatchObject({
        status: 422,
        message: expect.stringMatching(/^Repository rule violations found/),
      });
      expect(await refusal(client.git.deleteRef({ owner, repo, ref }))).toMatchObject({
        status: 422,
        message: expect.stringContaining('Cannot delete this branch'),
      });
      expect(await standsAt()).toBe(before);
    },
  );

  it('tells each whether the rules let it past, and administrators alone whom else', async () => {
    const { data: rulesets } = await world.as('owner').repos.getRepoRulesets({ owner, repo });
    const idOf = (name: string): number => rulesets.find((ruleset) => ruleset.name === name)!.id;
    const seenBy = async (client: ReturnType<World['bot']>, name: string) => {
      const { data } = await client.repos.getRepoRuleset({ owner, repo, ruleset_id: idOf(name) });
      return [data.current_user_can_bypass, data.bypass_actors?.map(({ actor_type }) => actor_type) ?? 'untold'];
    };
    expect(await seenBy(world.as('owner'), STATE_WRITER_RULES)).toEqual(['always', ['Integration', 'RepositoryRole']]);
    expect(await seenBy(world.as('owner'), STATE_RULES)).toEqual(['never', []]);
    expect(await seenBy(world.bot(), STATE_WRITER_RULES)).toEqual(['always', 'untold']);
    expect(await seenBy(world.as('writer'), STATE_WRITER_RULES)).toEqual(['never', 'untold']);
    // What ratchet doctor asks, as the App.
    const { types, updatesRestrictedBy } = await rulesOf(world.bot(), { owner, name: repo }, branch);
    expect([...types].toSorted()).toEqual(['creation', 'deletion', 'non_fast_forward', 'update']);
    expect(updatesRestrictedBy).toEqual([idOf(STATE_WRITER_RULES)]);
    expect(await mayBypass(world.bot(), { owner, name: repo }, idOf(STATE_WRITER_RULES))).toBe(true);
    expect(await mayBypass(world.bot(), { owner, name: repo }, idOf(STATE_RULES))).toBe(false);
  });
});

describe('an App that is not installed', () => {
  it('cannot be let past; who asks for it is told to install it first, and nothing is set', async () => {
    const world = await createWorld();
    try {
      const other = world.forge.registerApp({ ...ratchetApp, slug: 'other', name: 'Other', webhookSecret });
      await expect(putRulesets(world.as('owner'), { owner, name: repo }, branchRules(other.appId))).rejects.toMatchObject({
        code: 'github/rules-refused',
        remedy: expect.stringMatching(
          /must be installed there.*GitHub says: Actor GitHub App must be part of the ruleset source/,
        ),
      });
      expect((await world.as('owner').repos.getRepoRulesets({ owner, repo })).data).toEqual([]);
    } finally {
      await world.close();
    }
    world.contract.assertKept();
  });
});

describe('whom a ruleset lets past by pull request only', () => {
  it('merges, and does not push', async () => {
    const world = await createWorld();
    try {
      await seed(world, { work: { 'w.txt': 'w' } });
      await world.as('owner').repos.createRepoRuleset({
        owner,
        repo,
        name: 'locked',
        enforcement: 'active',
        conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
        bypass_actors: [{ actor_id: world.app.appId, actor_type: 'Integration', bypass_mode: 'pull_request' }],
        rules: [{ type: 'update' }],
      });
      const head = (await world.bot().git.getRef({ owner, repo, ref: 'heads/work' })).data.object.sha;
      expect(await refusal(world.bot().git.updateRef({ owner, repo, ref: 'heads/main', sha: head }))).toMatchObject({
        status: 422,
      });
      const { data } = await world.bot().pulls.create({ owner, repo, head: 'work', base: 'main', title: 'Work' });
      const merge = (client: ReturnType<World['bot']>) => client.pulls.merge({ owner, repo, pull_number: data.number });
      expect(await refusal(merge(world.as('writer')))).toMatchObject({ status: 405 });
      expect((await merge(world.bot())).data.merged).toBe(true);
    } finally {
      await world.close();
    }
    world.contract.assertKept();
  });
});
