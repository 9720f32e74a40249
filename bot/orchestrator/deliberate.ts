import { z } from 'zod';
import { Decision } from '#bot/proposers/decision.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { Mind } from '#bot/proposers/thinkers.ts';
import type { Verdict } from './decide.ts';

/** What the rest of the night does, as it is written down before any of it is done. */
export const Plan = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nothing'), reason: z.string() }),
  z.strictObject({
    kind: z.literal('change'),
    /** Why anything should change. */
    why: z.string(),
    /** What a model wants written; null where none was asked or none wants anything. */
    decision: Decision.nullable(),
    /** Whether a search is made. */
    searches: z.boolean(),
  }),
]);
export type Plan = z.infer<typeof Plan>;

export interface Deliberation {
  readonly verdict: Verdict;
  /** Null where no model may be asked. */
  readonly author: Mind['author'] | null;
  readonly facts: readonly Fact[];
  /** Whether there is anybody to search when arithmetic asks for it. */
  readonly canSearch: boolean;
}

/**
 * Who does what tonight. A model decides by itself; a search is made when arithmetic asks for a change, whatever the model thinks of it.
 * A model that cannot be asked changes nothing of that, and is said.
 */
export async function deliberate({ verdict, author, facts, canSearch }: Deliberation): Promise<Plan> {
  const searches = canSearch && verdict.kind === 'SEARCH';
  if (author === null) return searches ? change(verdict.reason, null, true) : nothing(verdict.reason);
  const said = await author.decide(facts);
  if (said.kind === 'nothing') return searches ? change(`${verdict.reason} ${said.reason}`, null, true) : nothing(said.reason);
  const { decision } = said;
  if (decision.kind !== 'NO_CHANGE') return change(decision.reason, decision, searches);
  return searches ? change(verdict.reason, null, true) : nothing(decision.reason);
}

function nothing(reason: string): Plan {
  return { kind: 'nothing', reason };
}

function change(why: string, decision: Decision | null, searches: boolean): Plan {
  return { kind: 'change', why, decision, searches };
}
