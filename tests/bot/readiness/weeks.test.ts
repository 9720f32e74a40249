import { describe, expect, it } from 'vitest';
import { type GateReading, READINESS_GATES, Readiness, type Verdict } from '#bot/gates/forward-evidence.ts';
import { readinessOf, weekEndOf } from '#bot/readiness/weeks.ts';
import { sampleForward } from '#tests/support/sample-forward.ts';

const DAY = 86_400_000;
const MONDAY = Date.UTC(2026, 2, 2);
const WEEK = 7 * DAY;

const gates = (verdict: Verdict): readonly GateReading[] =>
  READINESS_GATES.map((gate) => ({ gate, verdict, value: null, limit: null, sentence: 'So it is.' }));

function after(weeks: number, failing: readonly number[], weeksAsked = 4) {
  const asked: number[] = [];
  const readiness = readinessOf({
    target: 'canary',
    since: MONDAY,
    asOf: MONDAY + weeks * WEEK,
    weeksAsked,
    gatesAt: (end) => {
      asked.push(end);
      return gates(failing.includes(Math.round((end - MONDAY) / WEEK)) ? 'fail' : 'pass');
    },
  });
  return { ...readiness, asked };
}

describe('a week', () => {
  it('ends on a Monday at midnight UTC, in summer as in winter', () => {
    expect(weekEndOf(MONDAY)).toBe(MONDAY);
    expect(weekEndOf(MONDAY - 1)).toBe(MONDAY - WEEK);
    // Clocks went forward in Europe that Sunday; the market has none.
    expect(weekEndOf(Date.UTC(2026, 2, 29, 23))).toBe(Date.UTC(2026, 2, 23));
  });
});

describe('readiness', () => {
  it('is not believed where it says so against its own gates and weeks, or names one gate seven times', () => {
    const { readiness } = sampleForward();
    expect(Readiness.safeParse(readiness).success).toBe(true);
    const [first, ...others] = readiness!.gates;
    for (const verdict of ['fail', 'not-enough'])
      expect(Readiness.safeParse({ ...readiness, gates: [{ ...first, verdict }, ...others] }).success).toBe(false);
    expect(Readiness.safeParse({ ...readiness, weeksHeld: 3 }).success).toBe(false);
    expect(Readiness.safeParse({ ...readiness, weeksHeld: 0, weeksAsked: 0 }).success).toBe(false);
    expect(Readiness.safeParse({ ...readiness, gates: readiness!.gates.map(() => first) }).success).toBe(false);
  });

  it('is reached when all gates have passed in so many weeks in a row', () => {
    expect(after(3, [])).toMatchObject({ weeksHeld: 3, isReady: false });
    expect(after(4, [])).toMatchObject({ weeksHeld: 4, isReady: true });
  });

  it('begins anew after a week in which one did not', () => {
    expect(after(6, [3])).toMatchObject({ weeksHeld: 3, isReady: false });
    expect(after(7, [3])).toMatchObject({ weeksHeld: 4, isReady: true });
    expect(after(7, [7])).toMatchObject({ weeksHeld: 0, isReady: false });
  });

  it('looks at ends of weeks only, the newest first, and no further back than is asked', () => {
    expect(after(9.5, []).asked).toEqual([9, 8, 7, 6].map((week) => MONDAY + week * WEEK));
    expect(after(9.5, [])).toMatchObject({ week: MONDAY + 9 * WEEK });
  });

  it('is nothing before its first whole week, though every gate passes', () => {
    expect(after(0.9, [], 1)).toMatchObject({ weeksHeld: 0, isReady: false });
  });
});
