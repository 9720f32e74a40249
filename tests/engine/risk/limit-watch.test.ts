import { describe, expect, it } from 'vitest';
import { beginWatch, breachText, dailyLossOf, drawdownOf, isAnswer, judged, marked } from '#engine/risk/limit-watch.ts';
import { parseRiskPolicy, type StageLimits } from '#engine/risk/risk-policy.ts';
import { LimitGuard } from '#engine/runtime/limit-guard.ts';
import fc from '#tests/support/properties.ts';

const hourMs = 3_600_000;
const midnight = Date.UTC(2026, 2, 10);
const version = { tree: 'a'.repeat(40), stage: 'paper' } as const;

/** The account at the closes of hours since midnight, under limits that hold from the first on. */
function watchOf(marks: readonly (readonly [hour: number, equity: number])[], limits: StageLimits | undefined) {
  const [[firstHour, first], ...rest] = marks as [readonly [number, number], ...(readonly [number, number])[]];
  let watch = beginWatch(version, { instant: midnight + firstHour * hourMs, equity: first });
  for (const [hour, equity] of rest) watch = judged(marked(watch, { instant: midnight + hour * hourMs, equity }), limits, 77);
  return watch;
}

const after = (equities: readonly number[], limits: StageLimits) =>
  watchOf(
    equities.map((equity, index) => [index + 1, equity] as const),
    limits,
  ).breach;

describe('the drawdown limit', () => {
  it('is reached by a deeper fall from the highest equity, not by one exactly as deep', () => {
    expect(after([100, 200, 150], { maxDrawdown: 0.25 })).toBeNull();
    expect(after([100, 200, 149], { maxDrawdown: 0.25 })).toEqual({
      kind: 'drawdown',
      instant: midnight + 3 * hourMs,
      at: 77,
      limit: 0.25,
      value: 1 - 149 / 200,
      from: 200,
      equity: 149,
    });
  });

  it('stays reached when the account recovers, at the bar at which it was', () => {
    expect(after([100, 50, 400, 10], { maxDrawdown: 0.25 })).toMatchObject({ instant: midnight + 2 * hourMs, value: 0.5 });
  });

  it('is reached at the first bar at which the fall is deeper, whatever the account does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (equities, maxDrawdown) => {
          const falls = equities.map((equity, index) => 1 - equity / Math.max(...equities.slice(0, index + 1)));
          const first = falls.findIndex((fall) => fall > maxDrawdown);
          const breach = after(equities, { maxDrawdown });
          expect(breach?.instant ?? null).toBe(first < 0 ? null : midnight + (first + 1) * hourMs);
        },
      ),
    );
  });
});

describe('the daily limit', () => {
  const limits = { maxDrawdown: 1, dailyLoss: 0.1 };

  it('counts from what the UTC day began with; a close at midnight ends the day before', () => {
    // 5% on each side of midnight are no tenth of one day.
    expect(
      watchOf(
        [
          [20, 100],
          [24, 95],
          [25, 91],
          [26, 86],
        ],
        limits,
      ).breach,
    ).toBeNull();
    expect(
      watchOf(
        [
          [20, 100],
          [24, 95],
          [25, 91],
          [26, 85],
        ],
        limits,
      ).breach,
    ).toMatchObject({
      kind: 'daily-loss',
      from: 95,
      equity: 85,
      limit: 0.1,
    });
  });

  it('counts from where the day begins in the zone that the policy names', () => {
    const breachIn = (timeZone: string | undefined) => {
      const guard = new LimitGuard(() => 77);
      guard.setPolicy({ stages: { paper: { maxDrawdown: 1, dailyLoss: 0.1 } }, timeZone });
      guard.follow(version, { instant: midnight + 22 * hourMs, equity: 100 });
      for (const [hour, equity] of [
        [23, 94],
        [25, 89],
      ] as const)
        guard.mark({ instant: midnight + hour * hourMs, equity });
      return guard.breach;
    };
    // On the Azores the day of UTC's midnight goes on for another hour: there both falls are of one day.
    expect(breachIn(undefined)).toBeNull();
    expect(breachIn('Atlantic/Azores')).toMatchObject({ kind: 'daily-loss', from: 100, equity: 89 });
  });

  it('counts from the loading on the day on which the version was loaded, whatever was lost before', () => {
    expect(
      watchOf(
        [
          [9, 100],
          [10, 91],
        ],
        limits,
      ).breach,
    ).toBeNull();
    expect(
      watchOf(
        [
          [9, 100],
          [10, 89],
        ],
        limits,
      ).breach,
    ).toMatchObject({ from: 100 });
  });

  it('that is not written is none, as with a stage that has no limits', () => {
    expect(after([100, 40], { maxDrawdown: 0.9 })).toBeNull();
    expect(
      watchOf(
        [
          [1, 100],
          [2, 1e-9],
        ],
        undefined,
      ).breach,
    ).toBeNull();
  });

  it('shows what is used of both', () => {
    const watch = watchOf(
      [
        [23, 100],
        [24, 80],
        [25, 72],
      ],
      undefined,
    );
    expect([drawdownOf(watch), dailyLossOf(watch)]).toEqual([expect.closeTo(0.28, 12), expect.closeTo(0.1, 12)]);
    expect(
      dailyLossOf(
        watchOf(
          [
            [1, 100],
            [2, 120],
          ],
          undefined,
        ),
      ),
    ).toBe(0);
  });
});

describe('a breach', () => {
  const breach = after([10_000, 9_000], { maxDrawdown: 0.05 })!;

  it('is answered by the word active, when it was said later than the breach was noticed', () => {
    const at = (time: number) => new Date(time).toISOString();
    const noticed = { ...breach, at: midnight };
    expect(isAnswer({ mode: 'active', at: at(midnight + 1) }, noticed)).toBe(true);
    expect(isAnswer({ mode: 'active', at: at(midnight) }, noticed)).toBe(false);
    expect(isAnswer({ mode: 'paused', at: at(midnight + 1) }, noticed)).toBe(false);
  });

  it('is told in one sentence with its numbers', () => {
    expect(breachText(breach, 'paper')).toBe(
      'since it was loaded, or last resumed, its equity has fallen by 10% (to 9000.00 from its highest, 10000.00, at 2026-03-10T02:00:00.000Z) where policies/risk.yaml allows 5% in paper, so it opens nothing more',
    );
    const day = after([10_000, 9_000], { maxDrawdown: 1, dailyLoss: 0.0001 })!;
    expect(breachText(day, 'paper')).toContain('within a day its equity fell by 10%');
    expect(breachText(day, 'paper')).toContain('allows 0.01%');
  });
});

describe('policies/risk.yaml', () => {
  it('names limits by stage', () => {
    expect(parseRiskPolicy('stages: { paper: { maxDrawdown: 0.5, dailyLoss: 0.1 }, live: { maxDrawdown: 0.2 } }')).toEqual({
      policy: { stages: { paper: { maxDrawdown: 0.5, dailyLoss: 0.1 }, live: { maxDrawdown: 0.2 } } },
    });
  });

  it.each([
    ['is missing', null, 'it is missing'],
    ['is no YAML', 'stages: {', /./],
    ['is empty', '', /^the file: /],
    ['names no such stage', 'stages: { papre: { maxDrawdown: 0.5 } }', /^stages/],
    ['misspells a limit', 'stages: { paper: { maxDrawdwn: 0.5 } }', /^stages\.paper/],
    ['limits nothing', 'stages: { paper: { maxDrawdown: 0 } }', /^stages\.paper\.maxDrawdown/],
    ['is a bomb', `${'- '.repeat(5_000)}a`, /indented/],
  ])('that %s is said to be so', (_what, text, problem) => {
    const parsed = parseRiskPolicy(text);
    expect('problem' in parsed ? parsed.problem : 'none').toMatch(problem);
  });
});
