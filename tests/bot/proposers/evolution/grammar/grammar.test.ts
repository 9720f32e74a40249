import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { printDesign, readDesign } from '#bot/proposers/evolution/design.ts';
import { editManifest } from '#bot/proposers/evolution/edit-manifest.ts';
import { bred, MOVES, type MoveName, simplerPlans } from '#bot/proposers/evolution/grammar/breed.ts';
import { describePlan, summarisePlan } from '#bot/proposers/evolution/grammar/describe-plan.ts';
import { planFrom } from '#bot/proposers/evolution/grammar/from-blocks.ts';
import { rangeOf } from '#bot/proposers/evolution/grammar/named-numbers.ts';
import { inNormalForm, simplest } from '#bot/proposers/evolution/grammar/normal-form.ts';
import { type Comparison, type Condition, Plan, problemOf } from '#bot/proposers/evolution/grammar/plan.ts';
import { comparisonsIn, conditionsOf, namesOf, termsIn } from '#bot/proposers/evolution/grammar/traverse.ts';
import { treeDistance } from '#bot/proposers/evolution/grammar/tree-distance.ts';
import { planChanges } from '#bot/proposers/evolution/plan-changes.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { dividesTimeframe, timeframeMs } from '#engine/candles/timeframe.ts';
import { parseManifest } from '#engine/contract/manifest.ts';
import { blueprintWith, everyBlueprint } from '../every-blueprint.ts';
import { grownPlans } from './grown-plans.ts';

const busy: Comparison = {
  left: { volume: 'bar', on: '1h' },
  is: 'atLeast',
  right: { volume: 'usual', times: 'volumeRatio', on: '1h' },
};
const oversold: Comparison = { left: { oscillator: 'rsi', bars: 'rsiBars', on: '1h' }, is: 'below', right: { number: 'rsiMin' } };
const brokeOut: Comparison = {
  left: { price: 'close' },
  is: 'above',
  right: { extreme: 'highest', bars: 'channelBars', on: '1h' },
};
const [fast, slow] = [
  { average: 'ema', bars: 'fast', on: '1h' },
  { average: 'ema', bars: 'slow', on: '1h' },
] as const;
const crossed: Comparison = { left: fast, is: 'crossesAbove', right: slow };
const plan = planFrom(blueprintWith());

describe('a plan', () => {
  it('says all that blocks say, in trees that are valid', () => {
    for (const blueprint of everyBlueprint()) expect(Plan.parse(planFrom(blueprint))).toEqual(planFrom(blueprint));
  });

  it.each<[string, Partial<Plan>, RegExp]>([
    [
      'a price with a level',
      { entry: { left: { price: 'close' }, is: 'above', right: { number: 'rsiMax' } } },
      /cannot be compared/,
    ],
    ['volume with a price', { entry: { left: { volume: 'bar', on: '1h' }, is: 'above', right: fast } }, /cannot be compared/],
    ['a price that crosses', { entry: { left: { price: 'close' }, is: 'crossesAbove', right: fast } }, /cannot be compared/],
    ['one index with the level of another', { entry: { ...oversold, right: { number: 'adxMin' } } }, /cannot be compared/],
    ['by a number of another role', { entry: { ...crossed, left: { ...fast, bars: 'rsiBars' } } }, /cannot be compared/],
    ['one name for two indicators', { exit: { ...crossed, left: { ...fast, on: '4h' } } }, /stands for two things/],
    ['bars that do not add up', { timeframe: '4h' }, /do not add up/],
    [
      'too often',
      {
        entry: { all: [busy, oversold, brokeOut, crossed] },
        exit: { all: [busy, oversold, brokeOut, crossed] },
        regime: { when: busy, leaves: false },
      },
      /more than 8 times/,
    ],
    ['in a group too wide', { entry: { any: [busy, oversold, brokeOut] } }, /too wide/],
    ['too deep', { entry: { all: [busy, { any: [oversold, { all: [brokeOut, { any: [crossed, busy] }] }] }] } }, /deeper than 3/],
  ])('does not compare %s', (_what, change, message) => {
    const found = Plan.safeParse({ ...plan, ...change });
    expect(found.success).toBe(false);
    expect(problemOf({ ...plan, ...change })).toMatch(message);
  });

  it('knows no number that has no role, and no field that has no meaning', () => {
    expect(Plan.safeParse({ ...plan, entry: { ...crossed, left: { ...fast, bars: 'magic' } } }).success).toBe(false);
    expect(Plan.safeParse({ ...plan, surprise: 1 }).success).toBe(false);
  });
});

describe('growing and breeding', () => {
  const plans = grownPlans(150);

  it('gives valid plans in their simplest form, with a value on its grid for each number and no other', () => {
    for (const { plan: grown, values } of plans) {
      expect(Plan.parse(grown)).toEqual(grown);
      expect(inNormalForm(grown)).toEqual(grown);
      expect(Object.keys(values).toSorted()).toEqual(namesOf(grown).toSorted());
      for (const [name, value] of Object.entries(values)) {
        const { min, max } = rangeOf(name);
        expect(value >= min && value <= max, name).toBe(true);
      }
    }
  });

  it('reaches every kind of condition, market, exit, protection and sizing, on shorter and longer bars', () => {
    const written = JSON.stringify(plans.map((one) => one.plan));
    for (const word of [
      'any',
      'all',
      'crossesAbove',
      'extreme',
      'below',
      'adx',
      'change',
      'range',
      'usual',
      '4h',
      '1d',
      'steady',
    ])
      expect(written).toContain(`"${word}"`);
    expect(
      new Set(plans.map((one) => `${one.plan.regime?.leaves} ${one.plan.exit === null} ${one.plan.protection.horizon}`)).size,
    ).toBe(12);
  });

  it('makes another plan by every move, the same for the same seed', () => {
    for (const move of Object.keys(MOVES) as MoveName[]) {
      const child = (seed: number) => bred(move, plans[20]!, plans[33]!, new RandomStream(seed, 'moves'), ['15m', '1h', '4h']);
      expect(child(5)).toEqual(child(5));
      const children = [1, 2, 3, 4, 5, 6].map(child).filter((one) => one !== null);
      expect(children.length, move).toBeGreaterThan(2);
      for (const { plan: bredPlan } of children) expect(bredPlan).not.toEqual(plans[20]!.plan);
    }
  });

  it('moves to longer and to shorter bars that can be had, and keeps within what these bear', () => {
    const bases = ['5m', '1h', '4h'] as const;
    const reached = new Set<string>();
    const timed: number[] = [];
    for (const [index, parent] of plans.slice(0, 60).entries()) {
      const child = bred('rebase', parent, parent, new RandomStream(index, 'bars'), bases);
      if (child === null) continue;
      const { timeframe } = child.plan;
      reached.add(timeframe);
      expect(Plan.parse(child.plan)).toEqual(child.plan);
      expect(bases.filter((base) => base !== parent.plan.timeframe)).toContain(timeframe);
      expect(planChanges(parent.plan, child.plan)[0]?.text).toBe(`bars: 1h → ${timeframe}`);
      expect(treeDistance(parent.plan, child.plan)).toBeGreaterThan(0);
      for (const term of conditionsOf(child.plan).flatMap(termsIn)) {
        if (!('on' in term)) continue;
        expect(dividesTimeframe(timeframe, term.on)).toBe(true);
        const ratio = timeframeMs(term.on) / timeframeMs(timeframe);
        expect(ratio).toBeLessThanOrEqual(24);
        if ('average' in term && term.average === 'ema') expect(ratio).toBeLessThanOrEqual(6);
      }
      const hours = ({ plan: { timeframe: on }, values }: typeof parent) => (values.horizonBars! * timeframeMs(on)) / 3_600_000;
      // A day is half a step of the horizon on 4h bars.
      if (timeframe === '4h' && hours(parent) >= 48) timed.push(Math.abs(hours(child) - hours(parent)));
    }
    expect([...reached].toSorted()).toEqual(['4h', '5m']);
    expect(timed.length).toBeGreaterThan(0);
    expect(Math.max(...timed)).toBeLessThanOrEqual(24);
    expect(bred('rebase', plans[20]!, plans[20]!, new RandomStream(1, 'bars'), ['1h'])).toBeNull();
  });

  it('brings what comes from a plan on shorter bars to its own', () => {
    const host = {
      plan: {
        ...plan,
        timeframe: '4h' as const,
        entry: { ...crossed, left: { ...fast, on: '4h' as const }, right: { ...slow, on: '4h' as const } },
        exit: null,
      },
      values: {},
    };
    const donor = { plan: { ...plan, entry: oversold, exit: null }, values: { rsiBars: 14, rsiMin: 30 } };
    const child = bred('crossover', host, donor, new RandomStream(1, 'graft'))!;
    expect(comparisonsIn(child.plan.entry)[0]).toMatchObject({ left: { oscillator: 'rsi', on: '4h' } });
  });

  it('carries a subtree over with its values, under names that are free', () => {
    const host = {
      plan: { ...plan, entry: crossed, exit: null },
      values: { fast: 5, slow: 50, stopLoss: 0.02, takeProfit: 0.04 },
    };
    const donor = {
      plan: { ...plan, entry: crossed, exit: null },
      values: { fast: 20, slow: 120, stopLoss: 0.02, takeProfit: 0.04 },
    };
    const child = bred('crossover', host, donor, new RandomStream(1, 'graft'))!;
    expect(comparisonsIn(child.plan.entry)).toEqual([
      { left: { ...fast, bars: 'fast2' }, is: 'crossesAbove', right: { ...slow, bars: 'slow2' } },
    ]);
    expect(child.values).toMatchObject({ fast2: 20, slow2: 120 });
  });

  it('offers every plan that has one part less, each valid and shorter', () => {
    for (const { plan: grown } of plans.slice(0, 60)) {
      for (const simpler of simplerPlans(grown)) {
        expect(problemOf(simpler)).toBeNull();
        const count = (one: Plan) =>
          conditionsOf(one).flatMap(comparisonsIn).length + namesOf(one).length + (one.sizing === 'steady' ? 1 : 0);
        expect(count(simpler)).toBeLessThan(count(grown));
      }
    }
  });
});

describe('the simplest form', () => {
  const cases: readonly [string, Condition, Condition][] = [
    [
      'a group in a group of its kind is opened',
      { all: [busy, { all: [oversold, brokeOut] }] },
      { all: [busy, oversold, brokeOut] },
    ],
    ['what stands twice stands once', { any: [busy, busy] }, busy],
    ['"a or (a and b)" is a', { any: [busy, { all: [oversold, busy] }] }, busy],
    ['"a and (a or b)" is a', { all: [{ any: [oversold, busy] }, busy] }, busy],
    [
      'a negation goes to the comparisons',
      { not: { any: [busy, oversold] } },
      {
        all: [
          { ...busy, is: 'below' },
          { ...oversold, is: 'atLeast' },
        ],
      },
    ],
    ['two negations are none', { not: { not: crossed } }, crossed],
    ['what does not cross has no opposite', { not: crossed }, { not: crossed }],
  ];
  it.each(cases)('%s', (_name, given, expected) => {
    expect(simplest(given)).toEqual(expected);
    expect(simplest(expected)).toEqual(expected);
  });
});

describe('the distance between trees', () => {
  const plans = grownPlans(40, 2).map((one) => one.plan);

  it('is 0 for the same structure whatever its numbers are called, 1 at most, and the same both ways', () => {
    const other: Plan = { ...plan, entry: JSON.parse(JSON.stringify(plan.entry).replaceAll('"fast"', '"fast2"')) };
    expect(treeDistance(plan, { ...other, exit: plan.exit })).toBe(0);
    for (const [index, one] of plans.entries()) {
      const next = plans[(index + 1) % plans.length]!;
      expect(treeDistance(one, one)).toBe(0);
      expect(treeDistance(one, next)).toBeLessThanOrEqual(1);
      expect(treeDistance(one, next)).toBe(treeDistance(next, one));
    }
  });

  it('is smaller the less was changed', () => {
    const little: Plan = { ...plan, protection: { ...plan.protection, horizon: true } };
    const much: Plan = { ...little, entry: { all: [brokeOut, busy] }, exit: null };
    expect(treeDistance(plan, little)).toBeGreaterThan(0);
    expect(treeDistance(plan, little)).toBeLessThan(treeDistance(plan, much));
  });
});

describe('a plan in words', () => {
  it('fits the manifest, and says what would disprove it', () => {
    for (const { plan: grown } of grownPlans(100, 3)) {
      expect(summarisePlan(grown).length).toBeLessThanOrEqual(300);
      expect(describePlan(grown)).toMatch(/^Buys when .+\. Leaves .+\.$/);
      expect(printDesign(grown)).toContain(' * What would disprove it: ');
    }
  });

  it('differs from another in clauses a reviewer understands', () => {
    const to: Plan = {
      ...plan,
      entry: { all: [crossed, busy, brokeOut] },
      protection: { stop: 'trailing', target: false, horizon: true },
    };
    expect(planChanges(plan, to).map(({ text }) => text)).toEqual([
      'entry: no more buys when the market is not overbought',
      'entry: buys when the price rises above the highest high of its channel',
      'stop: fixed → trailing',
      'target: removed',
      'time to leave: added',
    ]);
    expect(planChanges(plan, plan)).toEqual([]);
  });
});

describe('a plan in a manifest', () => {
  it('is read again as it was, and its description and values with it', () => {
    const manifest =
      'id: ema-cross\ndescription: Before.\nstage: paper\nentry: strategy.ts\nparameters:\n  fast: 9 # kept\nblueprint:\n  schema: ratchet/blueprint/1\n  entry: cross\n';
    for (const { plan: grown, values } of grownPlans(60, 4)) {
      const text = editManifest(manifest, {
        parameters: values,
        structure: { blueprint: grown, description: summarisePlan(grown), declared: Object.keys(values) },
      });
      const read = parseManifest(text);
      if ('problem' in read) throw new Error(read.problem);
      expect(readDesign(read.manifest.blueprint)).toEqual(grown);
      expect(read.manifest.parameters).toEqual(values);
      expect(parse(text).blueprint).not.toHaveProperty('signal');
    }
  });
});
