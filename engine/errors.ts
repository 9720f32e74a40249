/**
 * An error a person can act on. It is thrown where the cause is known and turned into words once, at the edge:
 * what happened, what was left untouched, what to do now.
 */
export class RatchetError extends Error {
  /** Stable, for programs and tests: `candles/unsorted`, `lock/held`. */
  readonly code: string;
  /** What the reader can do about it, one sentence. */
  readonly remedy: string;
  /** The values the message was made from. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, remedy: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RatchetError';
    this.code = code;
    this.remedy = remedy;
    this.details = details;
  }
}

/** One line for a terminal: the message, then what to do. */
export function explain(error: unknown): string {
  if (error instanceof RatchetError) return `${error.message} ${error.remedy} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}
