import { code, harmless, text } from '#bot/evidence/markdown.ts';
import { minute } from '#bot/evidence/numbers.ts';

/**
 * What kept something from going on: a limit of `policies/risk.yaml` that was reached, a rule by which a proposal had said that it would
 * be wrong, a version that faulted, a canary that the gates let through, the vault's no, gates that refused a pull request.
 */
export type BreachKind = 'limit' | 'kill-rule' | 'fault' | 'canary' | 'vault' | 'gates';

export interface Breach {
  readonly kind: BreachKind;
  /** Whose; null for what is nobody's alone. */
  readonly strategy: string | null;
  /** Market time where the market tells it, the clock's otherwise, UTC milliseconds; null for what stands so now. */
  readonly at: number | null;
  /** In words, which may quote somebody. */
  readonly sentence: string;
}

export interface BreachFacts {
  readonly found: readonly Breach[];
  /** What could not be looked up, a sentence each. */
  readonly unseen: readonly string[];
}

const TITLES: Readonly<Record<BreachKind, string>> = {
  limit: 'Limit reached',
  'kill-rule': 'Kill rule hit',
  fault: 'Fault',
  canary: 'Canary let through',
  vault: 'Refused by the vault',
  gates: 'Refused by gates',
};

const SHOWN_MAX = 20;

/** Markdown: what happened, the gravest kind first. */
export function breachesText({ found, unseen }: BreachFacts): string {
  const kinds = Object.keys(TITLES) as BreachKind[];
  const sorted = kinds.flatMap((kind) => found.filter((breach) => breach.kind === kind));
  const lines = sorted.slice(0, SHOWN_MAX).map(({ kind, strategy, at, sentence }) => {
    const when = at === null ? '' : `, ${minute(at)} UTC`;
    const whose = strategy === null ? '' : ` ${code(strategy)}`;
    return `- **${TITLES[kind]}**${whose}${when}: ${text(sentence)}`;
  });
  if (sorted.length > SHOWN_MAX) lines.push(`- and ${sorted.length - SHOWN_MAX} more`);
  return [lines.length === 0 ? 'None is on record.' : lines.join('\n'), ...unseen.map(harmless)].join('\n\n');
}
