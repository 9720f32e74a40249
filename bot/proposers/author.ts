import type { ProposalKind } from '#bot/evidence/pack.ts';
import type { Decision } from './decision.ts';
import type { Fact } from './fact.ts';
import type { Candidate, ProposerTask } from './proposer.ts';

/** Nothing came of it, and why: one or a few sentences, Markdown. */
export interface Nothing {
  readonly kind: 'nothing';
  readonly reason: string;
}

/** What an author was told of a version it wrote, by somebody who did not hear the author's reasons. */
export interface Finding {
  /** `blocker` ends the change; the others are shown to whoever reviews it. */
  readonly severity: 'blocker' | 'major' | 'minor';
  readonly file: string;
  /** One or a few sentences. */
  readonly what: string;
}

/** What an author made of a decision. */
export type Work =
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  /** The whole module `strategies/analysis/<name>.ts` as it should read, and what differs, a clause each. */
  | { readonly kind: 'module'; readonly text: string; readonly changes: readonly string[] }
  | Nothing;

/** Somebody who thinks about one strategy in words: a model. Whatever goes wrong with it is an answer, never thrown. */
export interface Author {
  /** What should happen tonight, from the facts alone: no result of a change is known yet. */
  decide(facts: readonly Fact[]): Promise<{ readonly kind: 'decided'; readonly decision: Decision } | Nothing>;
  /** Writes the version that was decided on, and hears at most twice what is wrong with it. */
  write(decision: Extract<Decision, { kind: ProposalKind }>, facts: readonly Fact[], task: ProposerTask): Promise<Work>;
  /** Writes an analysis module; `check` says what the sandbox finds wrong with a text, null when nothing. */
  writeModule(
    decision: Extract<Decision, { kind: 'ANALYSIS' }>,
    facts: readonly Fact[],
    current: string,
    check: (text: string) => Promise<string | null>,
  ): Promise<Work>;
}
