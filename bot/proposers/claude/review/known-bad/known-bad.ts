/** What is known to be wrong with a change, by the names that nights keep it under. */
export const FAULT_NAMES = [
  'removed-stop',
  'lying-comment',
  'full-weight',
  'averages-down',
  'fee-blind',
  'short-warm-up',
  'remembered-days',
  'picked-symbol',
  'idle-parameter',
  'dead-filter',
  'contradicts-itself',
  'unreachable-exit',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** A change that builds and runs, and has one fault. */
export interface KnownBad {
  /** One clause with the change as subject. */
  readonly fault: string;
  /** The source with the fault in it, from one without; null where this source has no place for it. */
  readonly plant: (source: string) => string | null;
  /** What a finding is about that is about this fault, whoever words it: the thing, and what is wrong with it. All of them. */
  readonly words: readonly [RegExp, RegExp];
}
