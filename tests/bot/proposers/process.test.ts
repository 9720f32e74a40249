import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { evolutionProposer } from '#bot/proposers/evolution/evolution.ts';
import { EVOLUTION, type ProposerProgram, proposerProcess } from '#bot/proposers/process/proposer-process.ts';
import type { Proposer } from '#bot/proposers/proposer.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { incumbentFiles, type Landscape, taskOver } from './evolution/landscape.ts';

/** A hill, and for every configuration a result of its own: equal results are told apart by digests that travel on demand. */
const hill: Landscape = (configured) => {
  const own = Number.parseInt(digestOf(JSON.stringify(configured)).slice(7, 17), 16) / 16 ** 10;
  return 0.0004 - 0.004 * (((configured.parameters.fast ?? 9) - 14) / 16) ** 2 + 1e-7 * own;
};

const folder = temporaryFolder('proposer');
afterAll(() => folder.remove());

/** A program of the tests' own in place of evolution. */
function program(name: string, onStart?: (pid: number) => void): Proposer {
  const module = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  const given: ProposerProgram = { name: 'evolution', module, ...(onStart === undefined ? {} : { onStart }) };
  return proposerProcess(given);
}

describe('a proposer in a process of its own', () => {
  it('asks the same questions, in the same batches, and proposes the same as it would here', async () => {
    const here = taskOver(hill, { trials: 40 });
    const there = taskOver(hill, { trials: 40 });
    const expected = (await evolutionProposer().propose(here.task)).candidates;
    const { candidates } = await proposerProcess(EVOLUTION).propose(there.task);
    expect(candidates).toEqual(expected.map(({ files, claim }) => ({ files, claim })));
    expect(there.asked).toEqual(here.asked);
  }, 60_000);

  it('knows there as here which bars can be had, and when the time is over', async () => {
    const candles = { 'BTC/USDT': '15m', 'ETH/USDT': '15m', 'SOL/USDT': '15m' } as const;
    const options = { trials: 100, answered: 80 };
    const [here, there] = [taskOver(hill, options), taskOver(hill, options)];
    await evolutionProposer().propose({ ...here.task, candles });
    await proposerProcess(EVOLUTION).propose({ ...there.task, candles });
    expect(there.asked).toEqual(here.asked);
    expect(there.asked.length).toBeLessThan(options.trials);
    expect(there.asked.filter(({ label }) => /bars: 1h → (15m|30m|4h|1d)/.test(label))).not.toEqual([]);
  }, 60_000);

  it('reads a source that a person has edited, with a parser that is native code', async () => {
    const incumbent = incumbentFiles((source) => source.replace("'in position'", "'waiting for the exit'"));
    const { task, asked } = taskOver(hill, { trials: 8, incumbent });
    await proposerProcess(EVOLUTION).propose(task);
    expect(asked).toHaveLength(8);
  }, 60_000);

  it.runIf(process.platform === 'linux')(
    'holds no candle: no file of the store is open in it, none is mapped into its memory, and its environment is empty',
    async () => {
      const store = CandleStore.open(folder.path);
      const columns = simulateMarket({
        seed: 7,
        symbols: ['BTC/USDT'],
        timeframe: '1h',
        from: Date.UTC(2024, 0, 1),
        bars: 5_000,
      });
      store.put({ venue: 'simulated', symbol: 'BTC/USDT', timeframe: '1h' }, columns.get('BTC/USDT')!, {
        isSimulated: true,
        source: 'seed 7',
      });
      let pid = 0;
      const seen: { files: readonly string[]; maps: string; environment: string }[] = [];
      const { task } = taskOver(hill, { trials: 30 });
      const watched = {
        ...task,
        evaluate: async (files: Parameters<typeof task.evaluate>[0], label: string) => {
          seen.push(lookAt(pid));
          return task.evaluate(files, label);
        },
      };
      await proposerProcess({ ...EVOLUTION, onStart: (started) => (pid = started) }).propose(watched);
      expect(seen).toHaveLength(30);
      for (const { files, maps, environment } of seen) {
        expect(files.length).toBeGreaterThan(3);
        expect(files.filter((path) => path.startsWith('/') && path !== '/dev/null')).toEqual([]);
        expect(maps).not.toContain(folder.path);
        expect(maps).not.toContain('.f64');
        expect(environment.replace(/NODE_CHANNEL[^\0]*\0/g, '')).toBe('');
      }
      store.close();
    },
    60_000,
  );

  it('cannot read the store when it tries, nor its own source, nor start what could', async () => {
    const store = CandleStore.open(folder.path);
    store.close();
    const { task, asked } = taskOver(hill);
    const incumbent = new Map([...task.incumbent, ['path.txt', folder.path]]);
    await program('burglar').propose({ ...task, incumbent });
    const tried = JSON.parse(asked[0]!.label) as Record<string, string>;
    expect(tried).toEqual({
      'read the catalogue': 'ERR_ACCESS_DENIED',
      'list the store': 'ERR_ACCESS_DENIED',
      'read the policies': 'ERR_ACCESS_DENIED',
      'write a file': 'ERR_ACCESS_DENIED',
      'start a process': 'ERR_ACCESS_DENIED',
      'start a thread': 'ERR_ACCESS_DENIED',
    });
  }, 60_000);
});

describe('a proposer that does not behave', () => {
  it.each([
    ['dies', 'dying', 'it ended with exit 3'],
    ['throws', 'throwing', 'no idea today'],
    ['says what is no message', 'babbling', 'no message: kind'],
    ['claims what no proposer may', 'boasting', 'no message: candidates.0.claim'],
  ])('ends the night with one sentence when it %s', async (_name, which, expected) => {
    await expect(program(which).propose(taskOver(hill).task)).rejects.toMatchObject({
      code: 'proposer/failed',
      message: expect.stringContaining(expected),
    });
  });

  it('is gone when it is done with, and when a question of its fails', async () => {
    const pids: number[] = [];
    const { task } = taskOver(hill, { trials: 3 });
    const started = { ...EVOLUTION, onStart: (pid: number) => pids.push(pid) };
    await proposerProcess(started).propose(task);
    const failing = { ...task, evaluate: () => Promise.reject(new Error('the ledger cannot be written')) };
    await expect(proposerProcess(started).propose(failing)).rejects.toThrow('the ledger cannot be written');
    expect(pids).toHaveLength(2);
    for (const pid of pids) await gone(pid);
  }, 60_000);
});

function lookAt(pid: number) {
  const files = readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
  return { files, maps: readFileSync(`/proc/${pid}/maps`, 'utf8'), environment: readFileSync(`/proc/${pid}/environ`, 'utf8') };
}

/** Signal 0 asks whether there is such a process; one that was killed is there until it has been waited for. */
async function gone(pid: number): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`Process ${pid} is still there.`);
}
