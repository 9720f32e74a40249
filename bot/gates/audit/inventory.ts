export type Ecosystem = 'npm' | 'PyPI';

/** One package at one version, as a lock names it. */
export interface LockedPackage {
  readonly ecosystem: Ecosystem;
  /** As its registry spells it; Python's normalised (PEP 503). */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A lock that `npm audit` can be asked about, with the manifest beside it. */
export interface NpmLock {
  readonly file: string;
  readonly lockText: string;
  readonly manifestText: string;
  /** The packages by their place in the tree, `node_modules/a/node_modules/b`. */
  readonly places: ReadonlyMap<string, LockedPackage>;
}

/**
 * Something about a dependency file that is no advisory. `fault`: lock and manifest disagree. `unread`: nobody can say which
 * packages come of it. `notice`: worth knowing.
 */
export interface Remark {
  readonly kind: 'fault' | 'unread' | 'notice';
  readonly file: string;
  readonly line: number;
  /** What is wrong and what to do; without the line, so that it is the same remark when lines above it change. */
  readonly message: string;
}

/** Everything a tree says about what it depends on. */
export interface Inventory {
  readonly files: readonly string[];
  readonly packages: readonly LockedPackage[];
  readonly npmLocks: readonly NpmLock[];
  readonly remarks: readonly Remark[];
}

/** The line of a text that matches, counted from 1; the first line when none does. */
export function lineOf(text: string, pattern: RegExp): number {
  const index = text.split('\n').findIndex((line) => pattern.test(line));
  return index < 0 ? 1 : index + 1;
}

/** For use inside a regular expression. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
