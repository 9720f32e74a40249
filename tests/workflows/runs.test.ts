import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { vaultRecords } from '#bot/evidence/vault.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { createWorkflowWorld, place, type WorkflowWorld } from './workflow-world.ts';

/** The committed workflows, their `run:` steps as real processes in clean clones of the last commit here, against a real forge. */

let world: WorkflowWorld;
beforeAll(async () => {
  world = await createWorkflowWorld();
}, 180_000);
afterAll(() => world.close());

/** Every job of gates.yml. */
const JOBS = [...GATE_NAMES, FINAL_GATE];
const ALL_GREEN = Object.fromEntries([...GATE_NAMES, FINAL_GATE].map((name) => [name, 'success']));

describe('gates.yml', () => {
  function gates(branch: 'good' | 'bad', only: readonly string[]) {
    const { deployment, numbers } = world;
    const pull = { number: numbers[branch], base: { sha: deployment.base }, head: { sha: world[branch] }, user: { type: 'Bot' } };
    return world.run('gates.yml', {
      event: { pull_request: pull },
      eventName: 'pull_request',
      granted: { contents: 'read' },
      only,
    });
  }

  it('passes a good change, says so with the sections of the pull request, and leaves the vault shut and nothing signed', async () => {
    const { ends } = await gates('good', JOBS);
    const logs = Object.values(ends).map(({ name, log }) => `${name}\n${log}`);
    const conclusions = Object.fromEntries(Object.entries(ends).map(([name, { conclusion }]) => [name, conclusion]));
    expect(conclusions, logs.join('\n')).toEqual(Object.fromEntries(JOBS.map((name) => [name, 'success'])));
    expect(ends.backtest!.summary).toContain('made again, byte for byte');
    expect(ends.backtest!.summary).toContain('How sure');
    expect(ends.backtest!.log).toContain('Restored candles-sha256:');
    expect(ends.gate!.summary).toContain('- backtest: success');
    const state = await world.stateNow();
    expect(vaultRecords(await readLedgerFrom(state))).toEqual([]);
    expect(await state.readText(statementPath(await world.treeOf(world.good)))).toBeNull();
  }, 240_000);

  it('refuses a bad change beside its line, and the last job with it, and puts no file of the head into a work tree', async () => {
    const { ends, dir } = await gates('bad', ['sandbox', 'gate']);
    expect(ends.sandbox!.log).toMatch(/^::error file=strategies\/ema-cross\/strategy\.ts,line=\d+,endLine=\d+,title=sandbox::/m);
    expect(ends.sandbox!.summary).toContain('❌');
    expect([ends.sandbox!.conclusion, ends.gate!.conclusion]).toEqual(['failure', 'failure']);
    const work = join(dir, 'sandbox-0/work');
    expect(existsSync(join(work, 'bot/cli/ratchet.js'))).toBe(true);
    expect(readFileSync(join(work, 'strategies/ema-cross/strategy.ts'), 'utf8')).not.toContain('export const now');
  }, 120_000);
});

describe('nightly.yml', () => {
  it('verifies what is deployed, thinks without a right to write, and proposes with the App what it found', async () => {
    const before = await readLedgerFrom(await world.stateNow());
    const { ends } = await world.run('nightly.yml', {
      event: {},
      eventName: 'workflow_dispatch',
      granted: { contents: 'read', issues: 'read', pull_requests: 'read' },
      inputs: { strategy: 'ema-cross', hint: 'Trade less.' },
      variables: { RATCHET_APP_ID: String(world.appId), RATCHET_TRIALS: '6' },
      secrets: { 'ratchet-propose': { RATCHET_APP_KEY: 'the key of the App' } },
    });
    const logs = Object.values(ends).map(({ name, log }) => `${name}\n${log}`);
    expect(Object.fromEntries(Object.entries(ends).map(([name, { conclusion }]) => [name, conclusion])), logs.join('\n')).toEqual(
      {
        strategies: 'success',
        'backtests (ema-cross)': 'success',
        think: 'success',
        propose: 'success',
      },
    );
    expect(ends['backtests (ema-cross)']!.summary).toContain('is what it claims to be');
    expect(ends.think!.summary).toMatch(/^### Night `\d{8}-\d` for `ema-cross`: /);
    const after = await readLedgerFrom(await world.stateNow());
    expect(after.entries.slice(0, before.entries.length).map(({ hash }) => hash)).toEqual(before.entries.map(({ hash }) => hash));
    expect(after.entries.at(-1)!.entry.kind).toBe('night-ended');
    const [began] = recordsOf(after, 'night-began').slice(-1);
    expect(began!.entry.hint).toEqual({ by: place.owner, text: 'Trade less.', isTold: true });
    const { data: pulls } = await world.github.rest.pulls.list({ ...place, state: 'open' });
    const proposed = pulls.find(({ head }) => head.ref === `evolve/ema-cross/${began!.cycle}`);
    // What came of the night is chance, for it looks at the present day; what it says of it is not.
    expect(proposed !== undefined).toBe(!ends.think!.summary.includes('NO_CHANGE'));
    if (proposed === undefined) return;
    expect(proposed.user!.login).toBe('ratchet[bot]');
    expect(proposed.body).toContain('How to reproduce');
    expect(proposed.labels.map(({ name }) => name)).toContain('ratchet');
  }, 600_000);
});

describe('sign.yml', () => {
  /** As GitHub runs it after the pull request's own run, whatever that run said. */
  async function sign(headSha: string, conclusion: string, event = 'pull_request') {
    const { ends } = await world.run('sign.yml', {
      event: { workflow_run: { head_sha: headSha, event, conclusion } },
      eventName: 'workflow_run',
      granted: { contents: 'read', pull_requests: 'read' },
      variables: { RATCHET_APP_ID: String(world.appId) },
      secrets: {
        'ratchet-sign': {
          RATCHET_APP_KEY: 'the key of the App',
          RATCHET_GATE_KEY: readFileSync(world.deployment.gateKey, 'utf8').trimEnd(),
        },
      },
    });
    return ends.sign!;
  }

  it('looks at nothing that is no head of an open pull request', async () => {
    const { conclusion, steps } = await sign(world.deployment.base, 'success');
    expect(conclusion).toBe('success');
    const skipped = steps.filter((step) => step.conclusion === 'skipped').map(({ name }) => name);
    expect(skipped).toContain('Prove, and sign what passes');
  }, 60_000);

  it("proves again what the pull request's run called a failure, opens the vault, signs, and shows each gate as the App's check", async () => {
    const { conclusion, log } = await sign(world.good, 'failure');
    expect(conclusion, log).toBe('success');
    expect(log).not.toContain('PRIVATE KEY');
    const state = await world.stateNow();
    expect(await state.readText(statementPath(await world.treeOf(world.good)))).not.toBeNull();
    expect(vaultRecords(await readLedgerFrom(state)).map(({ answer }) => answer)).toEqual(['pass']);
    const { data } = await world.github.rest.checks.listForRef({ ...place, ref: world.good, app_id: world.appId });
    expect(Object.fromEntries(data.check_runs.map(({ name, conclusion: said }) => [name, said]))).toEqual(ALL_GREEN);
  }, 120_000);

  it.each([
    ['a cancelled run', 'cancelled', 'pull_request'],
    ['a run for a push', 'success', 'push'],
  ])('does not run for %s', async (_name, conclusion, event) => {
    expect((await sign(world.good, conclusion, event)).conclusion).toBe('skipped');
  });
});
