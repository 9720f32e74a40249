import { z } from 'zod';
import type { Pack } from '#bot/evidence/pack.ts';
import type { AnalysisDecision, Decision, VersionDecision } from './decision.ts';
import type { Fact } from './fact.ts';
import type { Candidate, ProposerTask, StrategyFiles } from './proposer.ts';

/** Nothing came of it, and why: one or a few sentences, Markdown. */
export interface Nothing {
  readonly kind: 'nothing';
  readonly reason: string;
}

/** What somebody found in a version who did not hear its author's reasons. */
export const Finding = z.strictObject({
  /** `blocker` ends the change; the others are shown to whoever reviews it. */
  severity: z.enum(['blocker', 'major', 'minor']),
  /** Path inside the strategy's folder. */
  file: z.string().min(1).max(200),
  /** One or a few sentences. */
  what: z.string().min(1).max(1_000),
});
export type Finding = z.infer<typeof Finding>;

/** What a reviewer is shown: the change and the numbers, and nothing of why anybody wanted it. */
export interface Reviewed {
  readonly strategy: string;
  /** Null for a strategy that is new. */
  readonly parent: StrategyFiles | null;
  readonly candidate: StrategyFiles;
  /** Its `proposal` is not shown. */
  readonly pack: Pack;
}

export const Review = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('reviewed'),
    findings: z.array(Finding).max(50),
    /** How much of what is known to be bad the reviewer has found so far: a sentence or two, Markdown. */
    recall: z.string().min(1).max(1_000),
  }),
  /** Nobody looked, and why: that is never the same as nothing found. */
  z.strictObject({ kind: z.literal('nothing'), reason: z.string().min(1).max(2_000) }),
]);
export type Review = z.infer<typeof Review>;

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
  write(decision: VersionDecision, facts: readonly Fact[], task: ProposerTask): Promise<Work>;
  /** Writes an analysis module; `check` says what the sandbox finds wrong with a text, null when nothing. */
  writeModule(
    decision: AnalysisDecision,
    facts: readonly Fact[],
    current: string,
    check: (text: string) => Promise<string | null>,
  ): Promise<Work>;
}
