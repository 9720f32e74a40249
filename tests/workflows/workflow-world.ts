import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { JobEnd } from '#bot/forge/actions/run-job.ts';
import { runWorkflow } from '#bot/forge/actions/run-workflow.ts';
import { parseWorkflow } from '#bot/forge/actions/workflow-file.ts';
import { startForge } from '#bot/forge/forge.ts';
import { createLog } from '#engine/log.ts';
import { type CommitHash, Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { commitOn, createDeployment, makeEvidence, proposalOf, shippedFiles } from '#tests/support/deployment.ts';
import { jobHost } from './job-host.ts';

export const place = { owner: 'you', repo: 'strategies' };
const FULL_NAME = `${place.owner}/${place.repo}`;

/** A deployment on a forge, with an App and two pull requests: one that the gates pass, and one that reads the clock. */
export async function createWorkflowWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-workflow-'));
  const deployment = await createDeployment();
  const files = shippedFiles('ema-cross');
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  const good = await proposalOf(deployment, files, await makeEvidence(deployment, files));
  const clock = `${files.get('strategy.ts')}\nexport const now = Date.now();\n`;
  const bad = await commitOn(deployment, new Map([['strategies/ema-cross/strategy.ts', clock]]));
  await deployment.repository.push('good', good);
  await deployment.repository.push('bad', bad);
  // What another run left in the cache: the simulated market is served by nobody.
  const key = `candles-${deployment.market.evaluation.dataset.digest}`;
  const cached = join(dir, 'cache', createHash('sha256').update(key).digest('hex'));
  cpSync(join(deployment.root, 'candles'), cached, { recursive: true });

  const forge = await startForge({ dir: join(dir, 'forge'), port: 0, log: createLog('error') });
  forge.createUser({ login: place.owner });
  forge.createRepository({ owner: place.owner, name: place.repo, defaultBranch: 'main', visibility: 'private' });
  const remote = `${forge.url}/${FULL_NAME}.git`;
  const ownersToken = Buffer.from(`x-access-token:${forge.createToken(place.owner)}`).toString('base64');
  const header = `http.extraHeader=Authorization: Basic ${ownersToken}`;
  // This very process answers the push, so it must not stand still meanwhile.
  await promisify(execFile)('git', [
    '-C',
    deployment.remote,
    '-c',
    header,
    'push',
    '--quiet',
    remote,
    'refs/heads/*:refs/heads/*',
  ]);
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write', issues: 'write' } as const;
  const app = forge.registerApp({
    slug: 'ratchet',
    name: 'Ratchet',
    permissions,
    events: [],
    webhookUrl: '',
    webhookSecret: 'never sent anywhere',
  });
  forge.installApp(app.appId, place.owner, place.repo);
  const baseUrl = `${forge.url}/api/v3`;
  const asApp = new Octokit({ baseUrl, authStrategy: createAppAuth, auth: { appId: app.appId, privateKey: app.privateKeyPem } });
  const { data: installation } = await asApp.rest.apps.getRepoInstallation(place);
  const token = async (granted: Readonly<Record<string, string>>): Promise<string> => {
    const { data } = await asApp.rest.apps.createInstallationAccessToken({
      installation_id: installation.id,
      permissions: granted,
    });
    return data.token;
  };
  const github = new Octokit({ baseUrl, auth: await token(permissions) });
  const numbers = { good: 0, bad: 0 };
  for (const branch of ['good', 'bad'] as const) {
    const { data } = await github.rest.pulls.create({ ...place, title: `A ${branch} change`, head: branch, base: 'main' });
    numbers[branch] = data.number;
  }
  let runs = 0;

  return {
    dir,
    deployment,
    good,
    bad,
    numbers,
    github,
    appId: app.appId,
    /** Runs a committed workflow as GitHub would, with a job's token that may do what is `granted`. */
    async run(
      file: string,
      options: {
        readonly event: object;
        readonly eventName: string;
        readonly granted: Readonly<Record<string, string>>;
        readonly inputs?: Readonly<Record<string, string>>;
        readonly variables?: Readonly<Record<string, string>>;
        readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
        readonly only?: readonly string[];
      },
    ): Promise<{ readonly ends: Readonly<Record<string, JobEnd>>; readonly dir: string }> {
      const path = `.github/workflows/${file}`;
      const jobToken = await token(options.granted);
      runs += 1;
      const at = join(dir, `run-${runs}`);
      const ends = await runWorkflow(
        {
          workflow: parseWorkflow(path, readFileSync(path, 'utf8')),
          github: {
            event: options.event,
            event_name: options.eventName,
            server_url: forge.url,
            api_url: baseUrl,
            repository: FULL_NAME,
            sha: deployment.base,
            actor: place.owner,
          },
          inputs: options.inputs ?? {},
          variables: options.variables ?? {},
          secrets: { '': {}, ...options.secrets },
          jobToken: () => jobToken,
          dir: at,
          parallel: 2,
          ...(options.only === undefined ? {} : { only: options.only }),
          onJob: () => {},
        },
        jobHost(dir, ({ permissions: asked }) => token(asked)),
      );
      return { ends, dir: at };
    },
    /** The state branch as it is on the forge now. */
    async stateNow(): Promise<StateBranch> {
      const authorization = (): string => `Basic ${ownersToken}`;
      const repository = await Repository.openMirror({ dir: join(dir, 'look.git'), remoteUrl: remote, authorization });
      const state = await StateBranch.open({ repository, author: { name: 'Test', email: 'test@localhost' }, clock: () => 0 });
      await state.refresh();
      return state;
    },
    async treeOf(head: CommitHash): Promise<string> {
      return (await deployment.repository.treeOf(head, 'strategies/ema-cross'))!;
    },
    async close(): Promise<void> {
      await forge.close();
      deployment.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
export type WorkflowWorld = Awaited<ReturnType<typeof createWorkflowWorld>>;
