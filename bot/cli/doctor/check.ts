/**
 * One thing that was looked at. `missing`: Ratchet does not work without it. `weak`: it works, and protects or does less than
 * it could. `note`: worth knowing, nothing more.
 */
export interface Check {
  readonly name: string;
  readonly status: 'good' | 'missing' | 'weak' | 'note';
  readonly found: string;
  /** What to do about it; null when there is nothing to do. */
  readonly mend: string | null;
}

export function good(name: string, found: string): Check {
  return { name, status: 'good', found, mend: null };
}

export function missing(name: string, found: string, mend: string): Check {
  return { name, status: 'missing', found, mend };
}

export function weak(name: string, found: string, mend: string): Check {
  return { name, status: 'weak', found, mend };
}

export function note(name: string, found: string, mend: string | null): Check {
  return { name, status: 'note', found, mend };
}
