import { counted, decimal } from '#bot/evidence/numbers.ts';
import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import type { GateReading, ReadinessGate } from '#bot/gates/forward-evidence.ts';
import type { ReadinessLimits } from '#bot/gates/readiness-policy.ts';
import type { ScoredForecast } from '#bot/memory/memory.ts';
import type { ForwardFigures } from '#engine/runtime/forward/forward-figures.ts';

/** All that a gate looks at. */
export interface Question {
  readonly figures: ForwardFigures;
  readonly limits: ReadinessLimits;
  /** What its evidence foretold of it; null where it foretold nothing, or there is none. */
  readonly prediction: Prediction;
  /** The forecasts that were made of it, as far as they have come due. */
  readonly forecasts: readonly ScoredForecast[];
  /** The fall that `policies/risk.yaml` allows at the stage asked for; null where none is written. */
  readonly maxDrawdown: number | null;
}

export type Reading = Omit<GateReading, 'gate'>;
export type Judge = (question: Question) => Reading;

export function reading(gate: ReadinessGate, judge: Judge, question: Question): GateReading {
  return { gate, ...judge(question) };
}

export function notEnough(sentence: string, value: number | null = null, limit: number | null = null): Reading {
  return { verdict: 'not-enough', value, limit, sentence };
}

/** Why a result is not judged yet, a whole sentence; null when there is enough of it. */
export function tooLittle({ figures: { days, result }, limits }: Question): string | null {
  if (result === null) return 'Nobody can say what it would have earned: its days cannot be replayed.';
  const what = result.isHypothetical ? 'hypothetical trade' : 'closed trade';
  if (days >= limits.days && result.trades >= limits.trades) return null;
  const seen = `${decimal(days, 1)} days and ${counted(result.trades, what)}`;
  return `${seen} are too few to judge by; ${counted(limits.days, 'day')} and ${limits.trades} are asked.`;
}
