import type { Digest } from '#engine/attestation/canonical.ts';
import { expectedMaximum } from '#engine/statistics/expected-maximum.ts';
import { broken, type LedgerReading, ledgerUpTo, recordsOf } from './chain.ts';
import { effectiveNumber, ideasOf, sharpeVarianceOf } from './effective-number.ts';
import { plannedIn } from './nights.ts';
import { type NightReturns, unpackReturns } from './return-series.ts';

/** What a night's evidence says of the search it came from. Everything follows from the ledger, so the gate makes it again. */
export interface Search {
  /** Configurations this night planned to evaluate, failures included. */
  readonly trials: number;
  /** In all nights up to and including this one. */
  readonly trialsEver: number;
  /** How many ideas all scored trials ever amount to when those that move together are one. */
  readonly trialsEffective: number;
  /** Variance (n - 1) of the Sharpe ratios per day of all trials ever scored; null below two that have one. */
  readonly sharpeVariance: number | null;
  /** The same of the ideas, each as one portfolio of its trials. */
  readonly sharpeVarianceEffective: number | null;
  /** Hash of the line that closed the search. */
  readonly ledgerHead: Digest;
}

/** Null when the ledger knows no finished search with trials in that night. */
export function searchOf(ledger: LedgerReading, cycle: string): Search | null {
  const closing = recordsOf(ledger, 'search-ended').find((record) => record.cycle === cycle);
  if (closing === undefined || closing.entry.trials === 0) return null;
  const known = ledgerUpTo(ledger, closing);
  const nights = recordsOf(known, 'search-ended').flatMap(({ cycle: one, entry: { ideas } }) => {
    const returns = nightReturns(known, one);
    return returns === null ? [] : [{ ...returns, ideas }];
  });
  const ideas = effectiveNumber(nights);
  return {
    trials: closing.entry.trials,
    trialsEver: plannedIn(known),
    trialsEffective: Math.max(1, ideas.count),
    sharpeVariance: sharpeVarianceOf(nights),
    sharpeVarianceEffective: ideas.sharpeVariance,
    ledgerHead: closing.hash,
  };
}

/**
 * Every search's ideas are those its return series give; `searchOf` takes the ones written down, because making them again for
 * years of nights takes minutes.
 * @param cycle only this night's
 * @throws RatchetError `ledger/broken` naming the line that says otherwise
 */
export function requireIdeas(ledger: LedgerReading, cycle?: string): void {
  for (const record of recordsOf(ledger, 'search-ended')) {
    if (cycle !== undefined && record.cycle !== cycle) continue;
    const returns = nightReturns(ledger, record.cycle);
    const made = returns === null ? [] : ideasOf(returns);
    if (made.join() !== record.entry.ideas.join())
      throw broken(record.path, record.line, 'its trials amount to other ideas than it says');
  }
}

export interface HarsherTrials {
  readonly trials: number;
  /** That goes with the count; null where it is not known, and then nothing can be deflated. */
  readonly sharpeVariance: number | null;
  readonly counted: 'raw' | 'clustered';
}

/**
 * The count of trials, with the variance that goes with it, that expects more of luck: by E[max of N]·√V, the Sharpe ratio that the
 * best of N worthless trials shows (Bailey and López de Prado 2014). Many trials that are alike have a small variance, few ideas
 * that differ a large one, so neither count is the harsher by itself.
 */
export function harsherTrials(
  search: Pick<Search, 'trialsEver' | 'trialsEffective' | 'sharpeVariance' | 'sharpeVarianceEffective'>,
): HarsherTrials {
  const raw: HarsherTrials = { trials: search.trialsEver, sharpeVariance: search.sharpeVariance, counted: 'raw' };
  const clustered: HarsherTrials = {
    trials: search.trialsEffective,
    sharpeVariance: search.sharpeVarianceEffective,
    counted: 'clustered',
  };
  return luckOf(clustered) > luckOf(raw) ? clustered : raw;
}

/** Sharpe ratio per day that the best of so many worthless trials shows on average. */
function luckOf({ trials, sharpeVariance }: HarsherTrials): number {
  return sharpeVariance === null ? 0 : expectedMaximum(trials) * Math.sqrt(sharpeVariance);
}

/**
 * Daily returns of a night's scored trials, one series each, all over the same UTC days of the development span, in the order of
 * the trials: what cross-validation and tests of the best of many are fed. None when nothing was scored.
 */
export function trialReturns(ledger: LedgerReading, cycle: string): readonly Float64Array[] {
  return nightReturns(ledger, cycle)?.series ?? [];
}

/** The same with the days and the numbers of the trials; null when nothing was scored. */
export function nightReturns(ledger: LedgerReading, cycle: string): NightReturns | null {
  const packed = ledger.returns.get(cycle);
  return packed === undefined ? null : unpackReturns(packed);
}
