import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationOf, type PlannedTrial } from '#bot/evidence/ledger.ts';
import type { ProposalClaim } from '#bot/evidence/pack.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { requestFor } from '#bot/evidence/subject.ts';
import { BacktesterPool } from '#bot/orchestrator/backtester-pool.ts';
import { type CreateTask, create, type TrialRecorder } from '#bot/orchestrator/create.ts';
import { shortPartOf } from '#bot/orchestrator/short-run.ts';
import { TrialCache } from '#bot/orchestrator/trial-cache.ts';
import type { Proposer, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { Backtester } from '#engine/backtest/backtester.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { shippedFiles } from '#tests/support/deployment.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
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
  /** What an earlier run left, batch by batch. */
  readonly written: ReturnType<TrialRecorder['ahead']>[] = [];

  async plan(trials: readonly PlannedTrial[]): Promise<void> {
    this.planned.push(...trials);
    this.lines.push(`plan ${trials.map(({ trial }) => trial).join(' ')}`);
    await new Promise((resolve) => setImmediate(resolve));
    this.lines.push('written');
  }

  ahead(): ReturnType<TrialRecorder['ahead']> {
    return this.written.shift() ?? 'nothing';
  }

  async complete(outcomes: Parameters<TrialRecorder['complete']>[0]): Promise<void> {
    this.lines.push(`complete ${outcomes.map(({ trial, outcome }) => `${trial} ${outcome}`).join(', ')}`);
  }
}

const NOTHING = { candidates: [], reason: null };

function search(
  propose: (task: ProposerTask) => ReturnType<Proposer['propose']>,
  trials = 5,
  more: Partial<Pick<CreateTask, 'isTimeOver' | 'cache' | 'pool'>> = {},
  diary = new Diary(),
) {
  const proposer: Proposer = { name: 'evolution', propose };
  const onTrial = (done: number) => diary.lines.push(`ran ${done}`);
  const created = create({
    proposer,
    incumbent,
    incumbentResult,
    yardstick,
    pool,
    trials,
    seed: 1,
    record: diary,
    onTrial,
    ...more,
  });
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

/** Buys and sells on every other bar: all it does is pay. */
const payer = `import { defineStrategy } from 'ratchet/contract';

export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT'],
  timeframe: '1h',
  parameters: {},
  warmupBars: () => 1,
  indicators: () => ({}),
  onBar(context) {
    return context.position.isOpen ? context.exit('done') : context.target(0.45, 'again');
  },
});
`;

describe('a configuration that is hopeless on the newest part of the data', () => {
  it('is rejected with the reason, in the ledger too, and never runs the whole', async () => {
    const files = shippedFiles('ema-cross').set('strategy.ts', payer);
    files.set('manifest.yaml', 'id: ema-cross\ndescription: Pays.\nstage: paper\nentry: strategy.ts\n');
    const spans: number[] = [];
    const watched = {
      use: <T>(version: StrategyVersion, work: (tester: Backtester) => Promise<T>) =>
        pool.use(version, (tester) => {
          const run: Backtester['run'] = (request) => {
            if (version.files === files) spans.push(request.span.from);
            return tester.run(request);
          };
          return work(new Proxy(tester, { get: (target, name) => (name === 'run' ? run : bound(target, name)) }));
        }),
    };
    const { created, diary } = search(
      async ({ evaluate }) => {
        const answer = await evaluate(files, 'pays');
        return { ...NOTHING, reason: answer.outcome === 'rejected' ? answer.reason : 'it was scored' };
      },
      5,
      { pool: watched },
    );
    expect((await created).reason).toMatch(
      /^It lost \d\d % in the last 22 days of the development data; the rest was not run\.$/,
    );
    expect(diary.lines).toContain('complete 1 rejected');
    expect(spans).toEqual([shortPartOf(development).from]);
  }, 60_000);
});

function bound(target: Backtester, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('a search whose time is over', () => {
  const three = async ({ evaluate }: ProposerTask) => {
    const answers = [];
    for (const ratio of [1.1, 1.2, 1.3]) answers.push(await evaluate(filesWith(ratio), String(ratio)));
    return { ...NOTHING, reason: answers.map(({ outcome }) => outcome).join(' ') };
  };

  it('ends between two batches, counts what was reached, and says so', async () => {
    let looks = 0;
    const { created, diary } = search(three, 5, { isTimeOver: () => ++looks > 2 });
    const { trials, reason, returns } = await created;
    expect(trials).toBe(2);
    expect(returns!.trials).toEqual([1, 2]);
    expect(diary.planned).toHaveLength(2);
    expect(reason).toBe('The time for the search was over after 2 of 5 trials. scored scored rejected');
  }, 60_000);

  it('is the same when it is taken up again: what stands in the ledger is met, whatever the clock says', async () => {
    const early = new Diary();
    early.written.push('plan', 'plan', 'end');
    expect((await search(three, 5, { isTimeOver: () => true }, early).created).trials).toBe(2);
    const late = new Diary();
    late.written.push('plan', 'plan', 'end');
    expect((await search(three, 5, { isTimeOver: () => false }, late).created).trials).toBe(2);
    const killed = new Diary();
    killed.written.push('plan');
    expect((await search(three, 5, { isTimeOver: () => true }, killed).created).trials).toBe(1);
  }, 60_000);
});

describe('a search that is run again', () => {
  it('runs nothing twice that is in the folder of the night, and comes to the same', async () => {
    const folder = temporaryFolder('trials');
    const propose = async ({ evaluate }: ProposerTask) => {
      const answers = await Promise.all([evaluate(filesWith(1.5), 'a'), evaluate(filesWith(1.7), 'b')]);
      return {
        ...NOTHING,
        reason: answers.map((answer) => (answer.outcome === 'scored' ? answer.result.resultDigest : '')).join(' '),
      };
    };
    const first = await search(propose, 5, { cache: new TrialCache(folder.path) }).created;
    const untouchable = new BacktesterPool(yardstick.dataset, new Map(), 1);
    const again = await search(propose, 5, { cache: new TrialCache(folder.path), pool: untouchable }).created;
    expect(again).toEqual(first);
    folder.remove();
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
