import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerPath } from '#bot/evidence/ledger.ts';
import { runWorkflow } from '#bot/forge/actions/run-workflow.ts';
import { parseWorkflow } from '#bot/forge/actions/workflow-file.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import {
  commitOn,
  createDeployment,
  type Deployment,
  makeEvidence,
  proposalOf,
  shippedFiles,
} from '#tests/support/deployment.ts';
import { jobHost } from './job-host.ts';

const PATH = '.github/workflows/gates.yml';
const workflow = parseWorkflow(PATH, readFileSync(PATH, 'utf8'));

let dir: string;
let deployment: Deployment;
let good: CommitHash;
let bad: CommitHash;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-workflow-'));
  deployment = await createDeployment();
  const files = shippedFiles('ema-cross');
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  good = await proposalOf(deployment, files, await makeEvidence(deployment, files));
  const source = files.get('strategy.ts')!;
  bad = await commitOn(
    deployment,
    new Map([['strategies/ema-cross/strategy.ts', `${source}\nexport const now = Date.now();\n`]]),
  );
  await deployment.repository.push('good', good);
  await deployment.repository.push('bad', bad);
  // The cache that another run filled: the simulated market is served by nobody.
  const key = `candles-${deployment.market.evaluation.dataset.digest}`;
  cpSync(join(deployment.root, 'candles'), join(dir, 'cache', createHash('sha256').update(key).digest('hex')), {
    recursive: true,
  });
}, 180_000);
afterAll(() => {
  deployment.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

/** The workflow as GitHub would run it for a pull request from a branch. */
function pullRequest(branch: string, head: CommitHash, only?: readonly string[]) {
  const event = {
    pull_request: {
      number: 1,
      base: { sha: deployment.base },
      head: { sha: head },
      user: { type: 'Bot', login: 'ratchet[bot]' },
    },
  };
  return runWorkflow(
    {
      workflow,
      github: { event, event_name: 'pull_request', server_url: `file://${dir}/server`, repository: 'you/strategies', sha: head },
      inputs: {},
      variables: {},
      secrets: { '': {} },
      jobToken: () => 'ghs_of_the_job',
      dir: join(dir, `run-${branch}-${(only ?? ['all']).join('-')}`),
      ...(only === undefined ? {} : { only }),
      parallel: 2,
      onJob: () => {},
    },
    jobHost(dir),
  );
}

describe('gates.yml, run from a clean clone', () => {
  it('passes a good change, says so with the sections of the pull request, and leaves the vault shut and nothing signed', async () => {
    serve(good);
    const ends = await pullRequest('good', good);
    const conclusions = Object.fromEntries(Object.entries(ends).map(([name, { conclusion }]) => [name, conclusion]));
    const logs = Object.values(ends)
      .map(({ name, log }) => `${name}\n${log}`)
      .join('\n');
    expect(conclusions, logs).toEqual({
      guard: 'success',
      docs: 'success',
      sandbox: 'success',
      audit: 'success',
      backtest: 'success',
      policy: 'success',
      gate: 'success',
    });
    expect(ends.backtest!.summary).toContain('made again, byte for byte');
    expect(ends.backtest!.summary).toContain('How sure');
    expect(ends.backtest!.log).toContain('Restored candles-sha256:');
    expect(ends.gate!.summary).toContain('- backtest: success');
    await deployment.state.refresh();
    const night = (await deployment.state.list('ledger')).find((path) => path === ledgerPath('20260101-1'));
    expect(await deployment.state.readText(night!)).not.toContain('vault-opened');
    expect(
      await deployment.state.readText(statementPath((await deployment.repository.treeOf(good, 'strategies/ema-cross'))!)),
    ).toBeNull();
  }, 240_000);

  it('refuses a bad change beside its line, and the last job with it', async () => {
    serve(bad);
    const ends = await pullRequest('bad', bad, ['sandbox', 'gate']);
    expect(ends.sandbox!.log).toMatch(/^::error file=strategies\/ema-cross\/strategy\.ts,line=\d+,endLine=\d+,title=sandbox::/m);
    expect(ends.sandbox!.summary).toContain('❌');
    expect([ends.sandbox!.conclusion, ends.gate!.conclusion]).toEqual(['failure', 'failure']);
  }, 120_000);

  it('never puts a file of the head into a work tree', () => {
    const runs = ['run-bad-sandbox-gate/sandbox-0'].map((name) => join(dir, name, 'work'));
    for (const work of runs) {
      expect(existsSync(join(work, 'bot/cli/ratchet.js'))).toBe(true);
      expect(readFileSync(join(work, 'strategies/ema-cross/strategy.ts'), 'utf8')).not.toContain('export const now');
    }
  });
});

/** The remote under the address a job asks for, with the head where GitHub keeps those of pull requests. */
function serve(head: CommitHash): void {
  const at = join(dir, 'server/you/strategies.git');
  rmSync(at, { recursive: true, force: true });
  cpSync(deployment.remote, at, { recursive: true });
  execFileSync('git', ['-C', at, 'update-ref', 'refs/pull/1/head', head]);
}
