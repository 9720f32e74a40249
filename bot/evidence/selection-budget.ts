import { RandomStream } from '#engine/candles/random-stream.ts';
import type { Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { askThresholdout, openThresholdout, type ThresholdoutBudget } from '#engine/statistics/thresholdout-budget.ts';
import type { HeldOutPolicy } from './held-out-policy.ts';
import { type LedgerReading, recordsOf } from './ledger.ts';

const DAY_MS = 86_400_000;
const DAYS_PER_YEAR = 365;
/** No single day may move a lead by more: what one day can tell is bounded, and the noise hides it. */
const DAY_LEAD_MAX = 0.05;

/**
 * How far the candidate is ahead of the incumbent on the selection data, as a ratio a year: the mean of the daily differences of
 * their returns, each cut at ±5 %, times 365. One day moves it by at most 0.1 · 365 / days.
 * @param candidate daily returns @param incumbent on the same days
 */
export function selectionLead(candidate: Float64Array, incumbent: Float64Array): number {
  let total = 0;
  for (const [day, value] of candidate.entries()) {
    total += Math.min(DAY_LEAD_MAX, Math.max(-DAY_LEAD_MAX, value - incumbent[day]!));
  }
  return candidate.length === 0 ? 0 : (total / candidate.length) * DAYS_PER_YEAR;
}

export interface SelectionBudget {
  readonly thresholdout: ThresholdoutBudget;
  /** Answers "above" that are left. */
  readonly left: number;
  /** Questions ever put, over all nights. */
  readonly asked: number;
  /** New days of selection data until one answer comes back; null when none is spent. */
  readonly daysToRefill: number | null;
  /** End of the newest selection span that was asked; null before the first question. */
  readonly until: number | null;
}

export interface SelectionNoise {
  readonly policy: HeldOutPolicy['selection'];
  /** Of the evaluation. */
  readonly seed: number;
  /** Digest of the dataset, selection data included: a proposer does not have it, so it cannot know the noise. */
  readonly dataset: string;
}

/**
 * What is left of the selection data's answers, made from the ledger alone: every recorded answer is spent again, and every new day
 * since the question before refills. A question that was written down and never answered counts as answered "above".
 */
export function selectionBudget(ledger: LedgerReading, noise: SelectionNoise, span: Span): SelectionBudget {
  const { policy } = noise;
  const answers = new Map(recordsOf(ledger, 'selection-answered').map(({ entry }) => [entry.question, entry.answer]));
  let thresholdout = openThresholdout(
    { threshold: policy.threshold, noiseScale: policy.noise, budget: policy.answers },
    streamOf(noise, 0),
  );
  let days = 0;
  let until: number | null = null;
  const refill = (to: number): void => {
    if (until !== null && to > until) {
      days += Math.floor((to - until) / DAY_MS);
      const left = Math.min(policy.answers, thresholdout.left + Math.floor(days / policy.daysPerAnswer));
      thresholdout = { ...thresholdout, left };
      // Days that find nothing to give back are not saved up for later.
      days = left === policy.answers ? 0 : days % policy.daysPerAnswer;
    }
    until = Math.max(until ?? to, to);
  };
  const asked = recordsOf(ledger, 'selection-asked');
  for (const { entry } of asked) {
    refill(entry.until);
    const answer = answers.get(entry.question) ?? 'above';
    // A value beyond any noise spends the budget the way the recorded answer did; the true value is not kept anywhere.
    const value = answer === 'above' ? Number.MAX_VALUE : -Number.MAX_VALUE;
    thresholdout = askThresholdout(thresholdout, value, streamOf(noise, entry.question)).budget;
  }
  const last = until;
  if (last !== null) refill(span.to);
  const { left } = thresholdout;
  return {
    thresholdout,
    left,
    asked: asked.length,
    daysToRefill: left === policy.answers ? null : policy.daysPerAnswer - days,
    until: last,
  };
}

/**
 * Puts the next question: is this lead above the threshold?
 * @throws RatchetError `selection/exhausted` when no answer is left
 */
export function askSelection(budget: SelectionBudget, lead: number, noise: SelectionNoise): 'above' | 'below' {
  const { answer } = askThresholdout(budget.thresholdout, lead, streamOf(noise, budget.asked + 1));
  if (answer !== 'exhausted') return answer;
  throw new RatchetError('selection/exhausted', 'The selection data have no answer left.', 'New days of data give answers back.');
}

/** Noise of its own for each question; 0 is that of the first threshold. */
function streamOf({ seed, dataset }: SelectionNoise, question: number): RandomStream {
  return new RandomStream(seed, `selection/${dataset}/${question}`);
}
