import type { LockedPackage } from './inventory.ts';

/** How the scanners are found, and whom they ask. */
export interface AuditSettings {
  /** Programs, by name on the path or by path. */
  readonly npm: string;
  readonly pipAudit: string;
  /** Null for what npm's own configuration says. */
  readonly npmRegistry: string | null;
  /** The whole address of OSV's query; null for pip-audit's own. */
  readonly osvUrl: string | null;
  readonly timeoutMs: number;
}

/** A known weakness, as the database that lists it names it. */
export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly title: string;
  /** Null where the database gives none. */
  readonly severity: string | null;
  readonly url: string | null;
  /** Which versions are without it, as far as the database says; null when it does not. */
  readonly fix: Fix | null;
}

/** npm's registry names the range that has the weakness, OSV the versions in which it was mended. */
export type Fix =
  | { readonly kind: 'outside'; readonly range: string }
  | { readonly kind: 'since'; readonly versions: readonly string[] };

export interface Vulnerability {
  readonly package: LockedPackage;
  readonly advisory: Advisory;
}

/** An answer, or that there was none. What was not looked at is not clean. */
export type Scan =
  | { readonly kind: 'looked'; readonly found: readonly Vulnerability[] }
  | { readonly kind: 'not-looked'; readonly why: string };

export function notLooked(why: string): Scan {
  return { kind: 'not-looked', why };
}

/** One line of what a program has said, to be shown. */
export function excerpt(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}
