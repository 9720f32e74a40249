import { describe, expect, it } from 'vitest';
import { costs } from '#bot/evidence/sections/costs.ts';
import { prediction } from '#bot/evidence/sections/prediction.ts';
import { robustness } from '#bot/evidence/sections/robustness.ts';
import { statistics } from '#bot/evidence/sections/statistics.ts';
import { walkForward } from '#bot/evidence/sections/walk-forward.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

describe('how sure', () => {
  it('answers each question with a number and a sentence', () => {
    const section = statistics(samplePack());
    expect(section).toContain(
      '| Is its profit more than noise? | 78% | Probabilistic Sharpe ratio: the chance that it earns at all',
    );
    expect(section).toContain(
      '| 32% | Deflated Sharpe ratio: the best of 1,284 trials alone would show a Sharpe ratio of 1.21 by luck; it has 0.74. |',
    );
    expect(section).toContain(
      'did as well in 1 of 20 markets whose moves were shuffled. Low is good; 0.048 is the least this many can show.',
    );
  });

  it('tells chance from more than chance by whether the range leaves out nothing at all', () => {
    const section = statistics(samplePack());
    expect(section).toMatch(/Lead over the running version \| \+15\.2 points to \+66\.4 points \| .*: more than chance\. \|/);
    expect(section).toMatch(/Lead over buy and hold \| .*: that can be chance\. \|/);
    const behind = samplePack((made) => {
      made.comparison.incumbent.netReturn = { ...made.comparison.incumbent.netReturn!, point: -0.2, low: -0.3, high: -0.1 };
    });
    expect(statistics(behind)).toMatch(/Lead over the running version \| .*: it is behind, by more than chance\. \|/);
  });

  it('names ideas where they are the harsher count', () => {
    const pack = samplePack((made) => {
      made.statistics.deflation = { counted: 'clustered', benchmark: 1.4 };
    });
    expect(statistics(pack)).toContain('the best of 61 ideas alone would show a Sharpe ratio of 1.40');
  });

  it('shows a dash and says why where there is nothing to say', () => {
    const section = statistics(
      samplePack((made) => {
        const { statistics } = made;
        made.comparison.incumbent.netReturn = null;
        made.statistics = {
          ...statistics,
          sharpe: null,
          probabilisticSharpe: null,
          deflatedSharpe: null,
          deflation: null,
          minTrackRecordDays: null,
          overfitting: { trials: 1, splits: 0, probability: null, probabilityOfLoss: null, degradationSlope: null },
          bestOfNight: { trials: 0, superiorPredictiveAbility: null, realityCheck: null },
          permutation: { ...statistics.permutation, observed: null, medianPermuted: null, atLeast: null, pValue: null },
          intervals: { sharpe: null, netReturn: null, maxDrawdown: null },
        };
      }),
    );
    for (const line of [
      '| Lead over the running version | – | Too little to compare. |',
      '| Is its profit more than noise? | – |',
      '| Days until that is sure | – | Minimum track record: no number of such days would show that it earns. |',
      '| Is choosing the best worth anything? | – | Probability of overfitting: there are too few trials to choose from. |',
      '| Would it find as much where nothing is? | – | Permutation test: the small search found nothing to compare. |',
    ])
      expect(section).toContain(line);
    expect(section).not.toMatch(/NaN|null|undefined/);
  });
});

describe('break-even costs', () => {
  it.each([
    [{ outcome: 'found', multiplier: 3.0625 } as const, 'once trading costs more than 3.1 times what is assumed'],
    [{ outcome: 'never-earns' } as const, 'does not earn on these data even when trading is free'],
    [{ outcome: 'beyond', multiplier: 16 } as const, 'still earns when trading costs 16.0 times what is assumed'],
  ])('are told in a sentence: %o', (candidate, sentence) => {
    const pack = samplePack((made) => {
      made.breakEven.candidate = candidate;
    });
    expect(costs(pack)).toContain(sentence);
  });
});

describe('firm ground', () => {
  it('shows neighbours, regimes, capacity and what runs beside it', () => {
    const section = robustness(samplePack());
    expect(section).toContain('| Parameters ±20% | 18 | +12.3% | −6.02% | 94% |');
    expect(section).toContain('| rising, calm | 96 | 44 | +8.10% | +1.20% | +6.90 points |');
    expect(section).toContain('At least half of the net return remains up to a capital of 1,000,000.');
    expect(section).toContain('with the version it replaces: 0.61, `carry`: −0.04.');
  });

  it('says what it has not', () => {
    const section = robustness(
      samplePack((made) => {
        made.capacity = { rows: [{ capital: 10_000, netReturn: -0.1 }], holdsUpTo: null };
        made.correlation = [{ strategy: 'ema-cross', role: 'incumbent', daily: null }];
      }),
    );
    expect(section).toContain('It earns nothing that more capital could thin out.');
    expect(section).toContain('with the version it replaces: cannot be compared. No other strategy trades on the base.');
  });
});

describe('walk-forward', () => {
  it('says what was chosen from, and what was left of it afterwards', () => {
    const section = walkForward(samplePack());
    expect(section).toContain('the best of 24 configurations spread over the declared ranges');
    expect(section).toContain('| all of them (anchored) | 5 of 6 | +12.1% | 0.66 | 31.7% |');
    expect(section).toContain('Less than half of what was earned before was earned afterwards');
  });

  it.each([
    [1.2, 'At least half of what was earned before was earned afterwards too'],
    [-0.1, 'What did best before lost afterwards'],
    [null, 'In no window was there anything to gain in the days before'],
  ])('reads an efficiency of %s', (efficiency, sentence) => {
    const pack = samplePack((made) => {
      for (const walk of [made.walkForward.anchored, made.walkForward.rolling]) walk.efficiency = efficiency;
    });
    expect(walkForward(pack)).toContain(sentence);
  });
});

describe('the prediction', () => {
  it('promises in numbers, and says when the promise is broken', () => {
    const section = prediction(samplePack());
    expect(section).toContain('**the next 90 days bring −5.80% to +13.1%**');
    expect(section).toContain(
      '**Kill rule:** take it down when it is ever more than 12.7% below a peak, or when it has made less than −5.80% after 90 days.',
    );
  });

  it('promises nothing from too little', () => {
    const pack = samplePack((made) => {
      made.prediction = null;
    });
    expect(prediction(pack)).toContain('too little to promise anything from');
  });
});
