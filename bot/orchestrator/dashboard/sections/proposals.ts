import { code } from '#bot/evidence/markdown.ts';
import { type BoxCommand, box } from '../boxes.ts';
import type { DashboardFacts, OpenProposal } from '../facts.ts';
import { shortenedText } from '../shortened-text.ts';

const SHOWN = 30;

/** Every open pull request into main, with boxes to tick for what may be done about it. */
export function proposalsSection({ proposals }: Pick<DashboardFacts, 'proposals'>): string {
  const title = '## Open pull requests';
  if (proposals.length === 0) return `${title}\n\nNone.`;
  const more = proposals.length > SHOWN ? `\n\n… and ${proposals.length - SHOWN} more.` : '';
  const hint = 'Tick a box to have it done; it needs the permission that the comment command of that name needs.';
  return `${title}\n\n${hint}\n\n${proposals.slice(0, SHOWN).map(describe).join('\n\n')}${more}`;
}

function describe(proposal: OpenProposal): string {
  const { number, url, author, head, gates, heldBy, approvals } = proposal;
  const facts = [
    `gates ${gates}`,
    ...(approvals === 0 ? [] : [`${approvals} ${approvals === 1 ? 'approval' : 'approvals'}`]),
    ...(heldBy === null ? [] : [`held by ${shortenedText(heldBy)}`]),
    `by ${shortenedText(author)}`,
    `at ${code(head.slice(0, 12))}`,
  ];
  const commands: readonly BoxCommand[] = proposal.isBots ? ['retest', 'rebase', 'close'] : ['retest', 'close'];
  return [
    `**[#${number}](${url})** ${shortenedText(proposal.title)}: ${facts.join(', ')}`,
    ...commands.map((command) => box({ command, number, head })),
  ].join('\n');
}
