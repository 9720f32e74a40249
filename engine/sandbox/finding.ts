/** One reason why a source may not run: which rule, where, and what to do about it. */
export interface Finding {
  /** `sandbox/no-eval` … stable, for programs and for annotations. */
  readonly rule: string;
  /** What is refused, why, and what to write instead. */
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}
