import { describe, expect, it } from 'vitest';
import { beatsIncumbent, checks, confidence, monthsAhead } from '#bot/evidence/confidence.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

describe('how sure', () => {
  it('is good only when every check holds', () => {
    const pack = samplePack((made) => {
      made.buyAndHold.selection.netReturn = 0;
      made.statistics.deflatedSharpe = 0.96;
    });
    expect(checks(pack).every((check) => check.holds)).toBe(true);
    expect(confidence(checks(pack))).toBe('good');
  });

  it('is fair with up to three checks missing and thin with more', () => {
    expect(confidence(checks(samplePack()))).toBe('fair');
    const thin = samplePack((made) => {
      made.candidate.selection.metrics.trades = 4;
      made.delayedOneBar.candidate = -0.9;
    });
    expect(confidence(checks(thin))).toBe('thin');
  });

  it('says by how much luck may explain the result, and is not good while it may', () => {
    const claims = checks(samplePack()).map(({ claim }) => claim);
    expect(claims).toContain('is not sure to earn more than the luck of all 1,284 trials would: the chance is 32%');
    const lucky = samplePack((made) => {
      made.buyAndHold.selection.netReturn = 0;
    });
    expect(confidence(checks(lucky))).toBe('fair');
  });

  it('asks whether the lead is chance and whether it needs its very numbers', () => {
    const shaky = samplePack((made) => {
      made.comparison.incumbent.netReturn!.low = -0.01;
      made.neighbourhood[1]!.worst = -0.9;
    });
    const failed = checks(shaky).flatMap(({ holds, claim }) => (holds ? [] : [claim]));
    expect(failed).toContain('has a lead over the running version that can be chance');
    expect(failed).toContain('falls behind with slightly other parameters');
  });

  it('does not call chance what is surely behind', () => {
    const behind = samplePack((made) => {
      made.comparison.incumbent.netReturn = { ...made.comparison.incumbent.netReturn!, point: -0.2, low: -0.3, high: -0.1 };
    });
    expect(checks(behind)).toContainEqual({ holds: false, claim: 'is behind the running version by more than chance' });
  });

  it('does not ask what has no answer', () => {
    const silent = samplePack((made) => {
      made.comparison.incumbent.netReturn = null;
      made.statistics.deflatedSharpe = null;
      made.neighbourhood = made.neighbourhood.map((row) => ({
        ...row,
        neighbours: 0,
        median: null,
        worst: null,
        shareAhead: null,
      }));
    });
    expect(checks(silent)).toHaveLength(7);
  });

  it('is none when the candidate is not better, whatever else holds', () => {
    const equal = samplePack((made) => {
      made.candidate.selection.metrics.netReturn = made.incumbent.selection.metrics.netReturn;
    });
    expect(beatsIncumbent(equal)).toBe(false);
    expect(confidence(checks(equal))).toBe('none');
  });

  it('is no more than thin where money is lost, however little speaks against it besides', () => {
    const losing = samplePack((made) => {
      made.candidate.selection.metrics.netReturn = -0.01;
      made.buyAndHold.selection.netReturn = -0.2;
      made.statistics.deflatedSharpe = 0.96;
    });
    expect(checks(losing).flatMap(({ holds, claim }) => (holds ? [] : [claim]))).toEqual(['loses money after costs']);
    expect(confidence(checks(losing))).toBe('thin');
  });

  it('does not ask about doubled costs when they were not run', () => {
    const pack = samplePack((made) => {
      made.costs = [made.costs[0]!];
    });
    expect(checks(pack).some((check) => check.claim.includes('twice'))).toBe(false);
  });
});

describe('months ahead', () => {
  it('compares growth inside each month, not since the start', () => {
    const month = (index: number) => Date.UTC(2025, index, 28);
    const pack = samplePack((made) => {
      made.equity = {
        time: [Date.UTC(2025, 0, 2), month(0), month(1), month(2)],
        candidate: [100, 150, 151, 152],
        incumbent: [100, 100, 110, 120],
        buyAndHold: [100, 100, 100, 100],
      };
    });
    expect(monthsAhead(pack)).toEqual({ total: 3, ahead: 1 });
  });

  it('says nothing of fewer than three months', () => {
    const pack = samplePack((made) => {
      for (const name of ['time', 'candidate', 'incumbent', 'buyAndHold'] as const)
        made.equity[name] = made.equity[name].slice(0, 40);
    });
    expect(monthsAhead(pack)).toBeNull();
  });
});
