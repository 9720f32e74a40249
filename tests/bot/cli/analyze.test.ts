import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineStore } from '#engine/store/engine-store.ts';
import { createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const HOUR = 3_600_000;
let deployment: Deployment;
let asOf: number;
const analyze = (...args: string[]) =>
  ratchetHere('analyze', '--workspace', deployment.root, '--repository', join(deployment.root, 'mirror.git'), ...args);

beforeAll(async () => {
  deployment = await createDeployment();
  asOf = deployment.market.replayFrom + 50 * HOUR;
}, 60_000);
afterAll(() => deployment.close());

describe('ratchet analyze', () => {
  it('wants a market time while no engine has come to one', async () => {
    expect(await analyze('market')).toMatchObject({ code: 1, stderr: expect.stringContaining('Name one with --as-of.') });
  });

  it('shows what both modules say, as far as the engine has come', async () => {
    const store = EngineStore.open(join(deployment.root, 'engine'));
    const decision = { symbol: 'BTC/USDT', action: 'target', reason: 'a cross', outcome: 'denied:paused', terms: null };
    const step = { strategy: 'ema-cross', treeHash: 't', instant: asOf, fills: [], trades: [], denials: [] };
    store.addStep({ ...step, decisions: [decision], equity: 1 });
    store.setFeedTime(asOf);
    store.close();
    const { code, stdout } = await analyze('--json');
    const told = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(Object.keys(told)).toEqual(['market', 'trades']);
    expect(told.market.asOf).toBe(asOf);
    expect(told.trades.refusals).toEqual([{ strategy: 'ema-cross', code: 'paused', times: 1, last: asOf, share: 1 }]);
  });

  it('shows one of them to people: short numbers, and moments as they are written', async () => {
    const { stdout } = await analyze('trades');
    const moment = `${new Date(asOf).toISOString().slice(0, 16)}Z`;
    expect(stdout).toContain('── trades ──\n');
    expect(stdout).toContain(`asOf: ${moment}\n`);
    expect(stdout).toContain(
      `refusals:\n  - strategy: ema-cross\n    code: paused\n    times: 1\n    last: ${moment}\n    share: 1\n`,
    );
  });

  it('asks modules that are not on main yet', async () => {
    const folder = join(deployment.root, 'mine');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'market.ts'),
      `import { defineAnalysis } from 'ratchet/contract';\nexport default defineAnalysis({ description: 'x', analyze: () => ({ said: 'mine' }) });\n`,
    );
    expect((await analyze('market', '--modules', folder, '--json')).stdout).toBe('{"market":{"said":"mine"}}\n');
    expect(await analyze('trades', '--modules', folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('analysis/missing'),
    });
  });

  it('knows two modules', async () => {
    expect(await analyze('weather')).toMatchObject({ code: 2 });
  });
});
