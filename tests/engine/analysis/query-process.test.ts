import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { ANALYSIS_LIMITS } from '#engine/analysis/analyse.ts';
import { QueryProcess } from '#engine/analysis/query/query-process.ts';
import { launchPlan } from '#engine/sandbox/launch.ts';

const NOTHING = { store: null, asOf: 0, candles: [] };
const ONE = { sql: 'SELECT 1 AS one', parameters: [] };
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n';
const { setpriv } = await launchPlan();

describe('the process that holds the database', () => {
  it('goes on after a statement that was refused, and not after one that had to be ended', async () => {
    const database = await QueryProcess.start(NOTHING, { ...ANALYSIS_LIMITS, timeoutMs: 300 });
    await expect(database.ask({ sql: 'DROP TABLE trades', parameters: [] })).rejects.toMatchObject({
      code: 'analysis/query-refused',
    });
    expect(await database.ask(ONE)).toEqual([{ one: 1 }]);
    await expect(database.ask({ sql: ENDLESS, parameters: [] })).rejects.toMatchObject({ code: 'analysis/query-timeout' });
    await expect(database.ask(ONE)).rejects.toMatchObject({
      code: 'analysis/query-dead',
      message: expect.stringContaining('takes longer than 300 ms'),
    });
    await database.close();
  });

  it.skipIf(process.platform !== 'linux')('knows nothing of the environment it was started in', async () => {
    vi.stubEnv('RATCHET_TEST_SECRET', 'hush');
    const database = await QueryProcess.start(NOTHING, ANALYSIS_LIMITS);
    vi.unstubAllEnvs();
    const [pid] = childrenOf(process.pid).filter((child) => commandOf(child).includes('fillDatabase'));
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain('hush');
    await database.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it.skipIf(setpriv === undefined)('ends with whoever started it, also in the middle of a statement', async () => {
    const asker = spawn(process.execPath, ['--import', 'tsx', 'tests/engine/analysis/endless-question.ts']);
    await once(asker.stdout, 'data');
    const [pid] = childrenOf(asker.pid!).filter((child) => commandOf(child).includes('fillDatabase'));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    asker.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 10_000 });
  });
});

function childrenOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
}
