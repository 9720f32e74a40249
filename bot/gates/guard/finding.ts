/** Something a change must not hold, at its place. */
export interface GuardFinding {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong and what to do, one sentence. */
  readonly message: string;
}

export function finding(path: string, message: string, line = 1): GuardFinding {
  return { path, line, message };
}
