import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationOf, type PlannedTrial } from '#bot/evidence/ledger.ts';
import type { ProposalClaim } from '#bot/evidence/pack.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { requestFor } from '#bot/evidence/subject.ts';
import { BacktesterPool } from '#bot/orchestrator/backtester-pool.ts';
import { create, type TrialRecorder } from '#bot/orchestrator/create.ts';
import type { Proposer, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { shippedFiles } from '#tests/support/deployment.ts';
import { smallMarket } from './small-market.ts';

const market = smallMarket();
const { yardstick } = market;
const { development } = yardstick.spans;

let incumbent: StrategyVersion;
let incumbentResult: BacktestResult;
/** What a night's search runs on. */
const pool = new BacktesterPool(yardstick.dataset, columnsUntil(market.columns, development.to), 2);

beforeAll(async () => {
  incumbent = await readVersion('ema-cross', shippedFiles('ema-cross'));
  incumbentResult = await runOn(pool, incumbent);
}, 60_000);
afterAll(() => pool.close());

function runOn(where: BacktesterPool, version: StrategyVersion): Promise<BacktestResult> {
  return where.use(version, (tester) => tester.run(requestFor(tester, version, yardstick, development)));
}

function filesWith(volumeRatio: number): StrategyFiles {
  const files = shippedFiles('ema-cross');
  return files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', `volumeRatio: ${volumeRatio}`));
}

/** Remembers what is written down, in order, together with what runs. */
class Diary implements TrialRecorder {
  readonly lines: string[] = [];
  readonly planned: PlannedTrial[] = [];

  async plan(trials: readonly PlannedTrial[]): Promise<void> {
    this.planned.push(...trials);
    this.lines.push(`plan ${trials.map(({ trial }) => trial).join(' ')}`);
    await new Promise((resolve) => setImmediate(resolve));
    this.lines.push('written');
  }

  async complete(outcomes: Parameters<TrialRecorder['complete']>[0]): Promise<void> {
    this.lines.push(`complete ${outcomes.map(({ trial, outcome }) => `${trial} ${outcome}`).join(', ')}`);
  }
}

const NOTHING = { candidates: [], reason: null };

function search(propose: (task: ProposerTask) => ReturnType<Proposer['propose']>, trials = 5) {
  const diary = new Diary();
  const proposer: Proposer = { name: 'evolution', propose };
  const onTrial = (done: number) => diary.lines.push(`ran ${done}`);
  const created = create({ proposer, incumbent, incumbentResult, yardstick, pool, trials, seed: 1, record: diary, onTrial });
  return { created, diary };
}

describe('a search', () => {
  it('writes each batch down before any of it runs, in the order it was asked, and its outcomes after', async () => {
    const { created, diary } = search(async ({ evaluate }) => {
      await Promise.all([evaluate(filesWith(1.5), 'a'), evaluate(new Map([['manifest.yaml', 'id: x']]), 'b')]);
      await evaluate(filesWith(1.7), 'c');
      return NOTHING;
    });
    const { trials, returns } = await created;
    expect(diary.lines).toEqual([
      'plan 1 2',
      'written',
      'ran 1',
      'ran 2',
      'complete 1 scored, 2 rejected',
      'plan 3',
      'written',
      'ran 3',
      'complete 3 scored',
    ]);
    expect(diary.planned.map(({ label }) => label)).toEqual(['a', 'b', 'c']);
    expect(diary.planned[0]!.configuration).toBe(configurationOf(filesWith(1.5)));
    expect(trials).toBe(3);
    expect(returns).toMatchObject({ days: 90, trials: [1, 3] });
    expect(returns!.series.map((series) => series.length)).toEqual([90, 90]);
  }, 60_000);

  it('has no return series where nothing was scored', async () => {
    const { created } = search(async ({ evaluate }) => {
      await evaluate(new Map(), 'nothing');
      return NOTHING;
    });
    expect(await created).toEqual({ candidates: [], reason: null, trials: 1, returns: null });
  });

  it('refuses a question beyond its trials, and a candidate that was never tried or was refused', async () => {
    const greedy = search(async ({ evaluate }) => {
      await evaluate(filesWith(1.1), 'a');
      await evaluate(filesWith(1.2), 'b');
      return NOTHING;
    }, 1);
    await expect(greedy.created).rejects.toMatchObject({ code: 'night/trials-spent' });
    const claim: ProposalClaim = {
      kind: 'TWEAK',
      hypothesis: 'Trust me.',
      changes: ['a'],
      proposer: 'evolution',
      riskTier: 1,
      forecast: null,
      killRule: null,
      knownUntil: null,
    };
    const bold = search(async () => ({ candidates: [{ files: filesWith(2), claim }], reason: null }));
    await expect(bold.created).rejects.toMatchObject({ code: 'night/untried' });
    const stubborn = search(async ({ evaluate }) => {
      await evaluate(new Map(), 'refused');
      return { candidates: [{ files: new Map(), claim }], reason: null };
    });
    await expect(stubborn.created).rejects.toMatchObject({ code: 'night/untried' });
  }, 60_000);
});

describe('what a search runs on', () => {
  it('ends with the development span, in memory that holds nothing else', () => {
    for (const [symbol, seen] of columnsUntil(market.columns, development.to)) {
      const whole = market.columns.get(symbol)!;
      expect(seen.time.at(-1)).toBe(development.to - 3_600_000);
      expect(seen.close.buffer).not.toBe(whole.close.buffer);
      expect(seen.close.buffer.byteLength).toBe(6 * 8 * seen.time.length);
      expect([...seen.close]).toEqual([...whole.close.subarray(0, seen.time.length)]);
    }
  });

  it('gives the very bytes that the evidence will have, which is made on more', async () => {
    const whole = new BacktesterPool(yardstick.dataset, market.columns, 1);
    try {
      for (const version of [incumbent, await readVersion('ema-cross', filesWith(1.5))]) {
        const [seen, all] = [await runOn(pool, version), await runOn(whole, version)];
        expect(seen.resultId).toBe(all.resultId);
        expect(seen.resultDigest).toBe(all.resultDigest);
      }
    } finally {
      await whole.close();
    }
  }, 60_000);

  it('gives nothing beyond it to a request that reaches further', async () => {
    const { selection } = yardstick.spans;
    const result = await pool.use(incumbent, (tester) => tester.run(requestFor(tester, incumbent, yardstick, selection)));
    expect(result.metrics.bars).toBe(0);
  }, 60_000);
});
