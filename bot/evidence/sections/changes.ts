import { code, text } from '#bot/evidence/markdown.ts';
import type { Pack, ProposalKind } from '#bot/evidence/pack.ts';

const KINDS: Record<ProposalKind, string> = {
  TWEAK: 'Same rules, other numbers.',
  RESTRUCTURE: 'The rules themselves change.',
  NEW: 'A strategy that did not exist before.',
};

/** What differs from the parent, and whose idea it was. */
export function changes(pack: Pack): string {
  return [
    '### What changes',
    '',
    KINDS[pack.proposal.kind],
    '',
    ...pack.proposal.changes.map((change) => `- ${text(change)}`),
    '',
    `The reason above was written by ${code(pack.proposal.proposer)} before the selection data was asked. It is the one part that no gate can check.`,
  ].join('\n');
}
