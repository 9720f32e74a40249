import type { WeakPackage } from './weaknesses.ts';

/** A version that replaces a weak one, and what has to be written for it. */
export interface Move {
  readonly weak: WeakPackage;
  readonly to: string;
  readonly edits: readonly Edit[];
  /** What asked for less than `to`, in words, where the range had to be raised beyond what somebody asked for; empty where none was. */
  readonly beyond: readonly string[];
}

/** One change of a text that people keep. */
export type Edit =
  /** Another range under a name in one of a manifest's fields. */
  | { readonly kind: 'range'; readonly file: string; readonly field: string; readonly name: string; readonly range: string }
  /** A version for what comes along; `path` leads through the keys of `overrides`. */
  | { readonly kind: 'override'; readonly file: string; readonly path: readonly string[]; readonly range: string }
  /** Another exact version in a list of requirements, with its hashes. */
  | { readonly kind: 'pin'; readonly file: string; readonly name: string; readonly from: string; readonly to: string }
  /** Another specifier in the source of such a list. */
  | { readonly kind: 'specifier'; readonly file: string; readonly name: string; readonly before: string; readonly after: string };

/** A weakness that stays, and why. */
export interface Unmended {
  readonly weak: WeakPackage;
  /** One clause, without a full stop. */
  readonly reason: string;
}

export interface RepairPlan {
  readonly moves: readonly Move[];
  readonly unmended: readonly Unmended[];
}

/** What a registry offers. */
export interface Published {
  /** Every version that may be taken, in no order; null when the registry could not say. */
  versionsOf(weak: Pick<WeakPackage, 'ecosystem' | 'name'>): readonly string[] | null;
}

/** Versions that were tried and did not do, with the reason. */
export type Refused = ReadonlyMap<string, string>;

export function versionKey({ ecosystem, name }: Pick<WeakPackage, 'ecosystem' | 'name'>, version: string): string {
  return `${ecosystem} ${name} ${version}`;
}

/** Why there is nothing to move to. */
export function noVersion(weak: WeakPackage, refused: Refused): string {
  const tried = [...refused].filter(([key]) => key.startsWith(versionKey(weak, '')));
  const last = tried.at(-1)?.[1];
  return last === undefined ? `no version after ${weak.version} is published without it` : last;
}
