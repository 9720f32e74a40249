import { beforeAll, describe, expect, it } from 'vitest';
import { GATES_POLICY_PATH, GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { compile } from '#bot/gates/policy/judge.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { itLong } from '#tests/support/long.ts';
import { Arena } from './arena.ts';
import { mostBelievable } from './binomial-bound.ts';
import { type Calibration, type CalibrationPlan, calibrate, shippedRules } from './calibration.ts';
import { realExams, simulatedExams } from './exam.ts';
import { nullCandidacies } from './measure.ts';
import { drawNull, nullOn } from './null-strategy.ts';
import { edgeSource, plantDrift } from './planted-edge.ts';
import { tableOf } from './tally.ts';

/*
 * The short form of `npm run calibrate`: few nulls on a simulated market, so that it runs everywhere and always gives the same numbers.
 * What it can see is a gate that has come off its hinges; the rate itself stands in docs/ops/calibration.md.
 */

const exams = simulatedExams([1, 2], 3);
const plan: CalibrationPlan = { exams, nulls: 60, seed: 1, trials: 5, sharpes: [1, 6], edgeNights: 8, processes: 2 };
const REAL = '../shared/data';

describe('the shipped policy', () => {
  let found: Calibration;
  beforeAll(async () => {
    found = await calibrate(shippedRules(), plan);
  }, 240_000);

  it('lets no more nulls near real money than a true rate of one in a hundred would', () => {
    const { money } = found.all;
    expect(money.asked).toBe(60);
    expect(money.passedEvidence).toBeLessThanOrEqual(mostBelievable(60, 0.01, 0.01));
    expect(money.passed).toBeLessThanOrEqual(money.passedEvidence);
  });

  it('lets a planted edge through more often the stronger it is, and a strong one often', () => {
    const [weak, strong] = found.edges.map(({ money }) => money.passedEvidence);
    expect(found.edges[1]).toMatchObject({ sharpe: 6, chosen: 8 });
    expect(strong).toBeGreaterThan(weak!);
    expect(strong).toBeGreaterThanOrEqual(4);
  });

  it('is asked every condition it has for real money and for paper', () => {
    expect([...found.all.money.held.keys()]).toContain('money-needs-proof-and-a-person/is-skill-after-all-trials');
    expect([...found.all.paper.held.keys()]).toContain('paper-beats-the-incumbent/earns-more-at-doubled-costs');
    expect(tableOf('Nulls', [{ name: 'all', tally: found.all.money }])).toMatch(/is-skill-after-all-trials +\| \d+\.\d %/);
  });
});

describe('calibration itself', () => {
  const rulesOf = (expression: string) =>
    compile(
      parsePolicy(
        GATES_POLICY_PATH,
        JSON.stringify({
          policies: [{ name: 'lax', failureAction: 'deny', validations: [{ expression, message: 'no', reason: 'only' }] }],
        }),
        GatesPolicy,
      ),
    );
  const few: CalibrationPlan = { ...plan, nulls: 12, edgeNights: 0 };

  itLong(
    'would see a gate that lets everything through',
    async () => {
      const { money } = (await calibrate(rulesOf('evidence.statistics.deflatedSharpe >= 0.0'), few)).all;
      expect(money.passedEvidence).toBe(12);
      expect(money.passedEvidence).toBeGreaterThan(mostBelievable(12, 0.01, 0.01));
    },
    120_000,
  );

  it('says so when a condition reads what it does not make, and counts no refusal', async () => {
    await expect(calibrate(rulesOf('evidence.costs.tripled.candidate > 0.0'), few)).rejects.toThrow(
      'evidence.costs.tripled.candidate',
    );
  }, 120_000);

  itLong(
    'gives the same candidates for the same seed, and others for another',
    async () => {
      const measuring = { seed: 3, trials: 3, processes: 2 };
      const once = await nullCandidacies(exams[0]!, 4, measuring);
      expect(await nullCandidacies(exams[0]!, 4, measuring)).toEqual(once);
      expect(await nullCandidacies(exams[0]!, 4, { ...measuring, seed: 4 })).not.toEqual(once);
    },
    60_000,
  );
});

describe('a null strategy', () => {
  it('is in the market about as long as it was drawn to be, in either symbol by its own coin', async () => {
    const [exam] = exams;
    const arena = await Arena.open([nullOn(exam!.symbols)], 1);
    try {
      await arena.enter(exam!);
      const parameters = { seed: 5, chance: 0.05, hold: 20 };
      const [result] = await arena.run([{ contender: { source: 0, parameters }, span: exam!.spans.development, costs: 1 }]);
      // In the market for 20 of every 20 + 1 / 0.05 bars in each symbol, so for three quarters of the time in one of them.
      expect(result!.metrics.exposure).toBeGreaterThan(0.65);
      expect(result!.metrics.exposure).toBeLessThan(0.85);
      const entries = new Map<string, Set<number>>();
      for (const { symbol, entryTime } of result!.trades) entries.set(symbol, (entries.get(symbol) ?? new Set()).add(entryTime));
      const [first, second] = [...entries.values()];
      expect([...first!].filter((time) => second!.has(time)).length).toBeLessThan(first!.size / 3);
    } finally {
      await arena.close();
    }
  });

  it('is drawn within what its source declares', () => {
    const random = new RandomStream(1, 'draws');
    for (let draw = 0; draw < 500; draw += 1) {
      const { chance, hold, seed } = drawNull(random);
      expect(chance).toBeGreaterThanOrEqual(0.001);
      expect(chance).toBeLessThanOrEqual(0.6);
      expect(hold).toBeGreaterThanOrEqual(6);
      expect(hold).toBeLessThanOrEqual(60);
      expect(Number.isInteger(seed)).toBe(true);
    }
  });
});

describe('a planted edge', () => {
  const columns = exams[0]!.columns.get('BTC/USDT')!;

  it('moves the bars after the marker up and the others down, and leaves prices within their bars', () => {
    const planted = plantDrift(columns, 0.01);
    const moved = Array.from(columns.time, (_, bar) =>
      Math.log(planted.close[bar]! / planted.open[bar]! / (columns.close[bar]! / columns.open[bar]!)),
    );
    const places = Array.from(columns.time, (time) => (time / (4 * 3_600_000)) % 12);
    const expected = places.map((place) => (place >= 1 && place <= 3 ? 0.01 : -0.01 / 3));
    expect(moved.filter((move, bar) => !(Math.abs(move - expected[bar]!) < 1e-9))).toEqual([]);
    const { open, high, low, close } = planted;
    const isWhole = (_: number, bar: number) =>
      high[bar]! >= Math.max(open[bar]!, close[bar]!) && low[bar]! <= Math.min(open[bar]!, close[bar]!);
    expect(Array.from(columns.time).every(isWhole)).toBe(true);
  });

  it('gives back the same prices without a drift', () => {
    expect(plantDrift(columns, 0)).toEqual(columns);
  });

  it('is worth something only to the strategy that knows its marker', async () => {
    const [exam] = exams;
    const drifting = {
      ...exam!,
      columns: new Map([...exam!.columns].map(([symbol, one]) => [symbol, plantDrift(one, 0.01)])),
      dataset: { ...exam!.dataset, digest: `sha256:${'1'.repeat(64)}` },
    };
    const arena = await Arena.open([edgeSource(exam!.symbols), nullOn(exam!.symbols)], 1);
    try {
      await arena.enter(drifting);
      const span = exam!.spans.development;
      const [knows, guesses] = await arena.run([
        { contender: { source: 0, parameters: {} }, span, costs: 1 },
        { contender: { source: 1, parameters: { seed: 1, chance: 0.05, hold: 6 } }, span, costs: 1 },
      ]);
      expect(knows!.metrics.sharpe).toBeGreaterThan(4);
      expect(guesses!.metrics.sharpe).toBeLessThan(2);
    } finally {
      await arena.close();
    }
  });
});

describe('the most that is believable', () => {
  it.each([
    // P[X > k] of a binomial, from its definition: 1 - 0.99^60 = 0.453; 1 - P[X <= 2] = 0.0224; 1 - P[X <= 3] = 0.0031.
    [60, 0.01, 0.5, 0],
    [60, 0.01, 0.03, 2],
    [60, 0.01, 0.01, 3],
    [1, 0.5, 0.4, 1],
  ])('of %i at a rate of %d, with a doubt of %d, is %i', (count, rate, doubt, most) => {
    expect(mostBelievable(count, rate, doubt)).toBe(most);
  });
});

const real = realExams(REAL);
describe.skipIf(real === null)('on recorded candles', () => {
  it('has four exams, each with time to search, to choose, and to watch', () => {
    expect(real!.map(({ name }) => name)).toEqual(['binance BTC+ETH', 'binance ADA+LINK', 'binance SOL+ETH', 'kraken BTC+ETH']);
    for (const { spans, dataset } of real!) {
      expect(dataset.isSimulated).toBe(false);
      expect(spans.development.to).toBe(spans.selection.from);
      expect(spans.selection.to).toBe(spans.forward.from);
      expect((spans.selection.to - spans.selection.from) / 86_400_000).toBeGreaterThan(300);
    }
  });
});
