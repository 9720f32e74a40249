import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, eventually, owner, refusal, repo, seed, type World } from './forge-under-test.ts';
import { browse } from './pages/browse.ts';

const HAND = `name: by hand
on:
  workflow_dispatch:
    inputs:
      word: { description: What to say, required: true }
permissions: {}
env:
  WORD: \${{ inputs.word }}
jobs:
  list:
    runs-on: ubuntu-24.04
    permissions: { contents: read }
    outputs: { names: "\${{ steps.names.outputs.list }}" }
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000
      - id: names
        run: |
          test "$(head -1 a.txt)" = one
          echo 'list=["left","right"]' >> "$GITHUB_OUTPUT"
  speak:
    needs: [list]
    runs-on: ubuntu-24.04
    environment: stage
    strategy: { matrix: { side: "\${{ fromJSON(needs.list.outputs.names) }}" } }
    env: { SIDE: "\${{ matrix.side }}" }
    steps:
      - name: Say it
        env: { PASSWORD: "\${{ secrets.PASSWORD }}", WHO: "\${{ vars.WHO }}" }
        run: |
          echo "$WORD to $WHO on the $SIDE, with $PASSWORD"
          echo "### $WORD **$SIDE**" >> "$GITHUB_STEP_SUMMARY"
          env | sort > "$RUNNER_TEMP/env"
          if grep -q '^SECRET_OF_THE_FORGE=' "$RUNNER_TEMP/env"; then exit 9; fi
          mkdir "$RUNNER_TEMP/kept" && cp "$RUNNER_TEMP/env" "$RUNNER_TEMP/kept/"
      - if: matrix.side == 'right'
        run: exit 3
      - name: Never, for what came before failed
        run: echo reached
      - name: All the same
        if: always() && matrix.side == 'right'
        run: echo "cleaned up"
  after:
    needs: [speak]
    runs-on: ubuntu-24.04
    steps: [{ run: "true" }]
`;
const PUSHED = 'on: push\njobs: { a: { runs-on: x, steps: [{ run: "true" }] } }\n';

let world: World;
beforeAll(async () => {
  process.env.SECRET_OF_THE_FORGE = 'not for jobs';
  world = await createWorld();
  const { clone } = await seed(world);
  await clone.commit('Workflows', { '.github/workflows/hand.yml': HAND, '.github/workflows/pushed.yml': PUSHED });
  await clone.git('push', '--quiet', 'origin', 'main');
  world.forge.configureActions(owner, repo, {
    variables: { WHO: 'everyone' },
    secrets: { '': {}, stage: { PASSWORD: 'open sesame' }, other: { PASSWORD: 'of another environment' } },
  });
});
afterAll(async () => {
  delete process.env.SECRET_OF_THE_FORGE;
  world.contract.assertKept();
  await world.close();
});

const start = (workflow: string, inputs: Record<string, string>, who: 'owner' | 'reader' = 'owner') =>
  world.as(who).rest.actions.createWorkflowDispatch({ owner, repo, workflow_id: workflow, ref: 'main', inputs });

async function finished() {
  const { rest } = world.as('owner');
  return eventually(
    async () => {
      const { data } = await rest.actions.listWorkflowRunsForRepo({ owner, repo, per_page: 1 });
      return data.workflow_runs[0]?.status === 'completed' && data.workflow_runs[0];
    },
    () => 'the run did not end',
  );
}

describe('a workflow started by hand', () => {
  it('runs its steps as processes with the environment of a job, and shows each job with log and summary', async () => {
    expect((await start('hand.yml', { word: 'hello' })).status).toBe(204);
    const run = await finished();
    expect(run).toMatchObject({ name: 'by hand', event: 'workflow_dispatch', conclusion: 'failure', head_branch: 'main' });
    const { data } = await world.as('owner').rest.actions.listJobsForWorkflowRun({ owner, repo, run_id: run.id });
    expect(data.jobs.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ['list', 'success'],
      ['speak (left)', 'success'],
      ['speak (right)', 'failure'],
      ['after', 'skipped'],
    ]);
    expect(data.jobs[2]!.steps!.map(({ conclusion }) => conclusion)).toEqual(['success', 'failure', 'skipped', 'success']);
    const reader = browse(world.forge.url);
    const page = await (await reader.get(`/${owner}/${repo}/actions/runs/${run.id}`)).text();
    expect(page).toContain('hello to everyone on the left, with ***');
    expect(page).toContain('<h3 id="user-content-hello-left">hello <strong>left</strong></h3>');
    expect(page).not.toContain('open sesame');
    expect(page).toContain('cleaned up');
    expect(await (await reader.get(`/${owner}/${repo}/actions`)).text()).toContain('by hand #1');
  });

  it.each([
    ['without what it requires', 'hand.yml', {}, 422, /Required input 'word'/],
    ['with what it does not know', 'hand.yml', { word: 'x', shout: 'y' }, 422, /Unexpected inputs/],
    ['when it may not be started by hand', 'pushed.yml', {}, 422, /workflow_dispatch/],
    ['when there is none', 'gone.yml', {}, 404, /Not Found/],
    ['by a path', '..%2f..%2fREADME.md', {}, 404, /Not Found/],
  ] as const)('is refused %s', async (_name, workflow, inputs, status, message) => {
    expect(await refusal(start(workflow, inputs))).toMatchObject({ status, message: expect.stringMatching(message) });
  });

  it('is refused to those who may only read', async () => {
    expect(await refusal(start('hand.yml', { word: 'x' }, 'reader'))).toMatchObject({ status: 403 });
  });

  it('is started from its page as well, by whoever may write', async () => {
    const member = browse(world.forge.url);
    await member.get(world.forge.loginUrl(owner));
    const key = await member.formKey(`/${owner}/${repo}/actions`);
    const address = `/${owner}/${repo}/actions/workflows/hand.yml/dispatch`;
    expect((await member.post(address, { form_key: key, 'input:word': 'again' })).status).toBe(303);
    const run = await finished();
    expect(run.run_number).toBe(2);
  });
});
