import { EQUITY_SVG_PATH } from './charts/equity-svg.ts';
import { beatsIncumbent } from './confidence.ts';
import { folded, plain, shortened } from './markdown.ts';
import { points } from './numbers.ts';
import type { Pack, ProposalKind } from './pack.ts';
import { type RenderContext, strategyFileUrl } from './render-context.ts';
import { REPORT_PATH } from './report.ts';
import { changes } from './sections/changes.ts';
import { commands } from './sections/commands.ts';
import { comparison } from './sections/comparison.ts';
import { costs } from './sections/costs.ts';
import { equity } from './sections/equity.ts';
import { footer } from './sections/footer.ts';
import { knowledge } from './sections/knowledge.ts';
import { lineage } from './sections/lineage.ts';
import { prediction } from './sections/prediction.ts';
import { reproduce } from './sections/reproduce.ts';
import { robustness } from './sections/robustness.ts';
import { statistics } from './sections/statistics.ts';
import { trials } from './sections/trials.ts';
import { verdict } from './sections/verdict.ts';
import { wager } from './sections/wager.ts';
import { walkForward } from './sections/walk-forward.ts';

export type { CommandHelp, RenderContext } from './render-context.ts';

/** GitHub refuses a body of 65,536 characters or more; the rest is room for what a person edits in. */
export const BODY_LENGTH_MAX = 64_000;
/** A section longer than this folds: the reader should reach the end of the page. */
export const SECTION_LENGTH_MAX = 6_000;
/** GitHub takes 256; lists cut titles off long before. */
const TITLE_LENGTH_MAX = 120;

interface Section {
  /** Plain words, for the fold and for the note that stands where it was dropped. */
  readonly name: string;
  readonly render: (pack: Pack, context: RenderContext) => string;
  /** The lower, the sooner it is dropped when the body is too long; `always` stays. */
  readonly keep: number | 'always';
  /** Where it stands whole; the report when left out. */
  readonly file?: string;
}

/** The order of the page. */
const SECTIONS: readonly Section[] = [
  { name: 'The verdict', render: verdict, keep: 'always' },
  { name: 'Before and after', render: comparison, keep: 12 },
  { name: 'What changes', render: changes, keep: 5 },
  { name: 'What its author staked on it', render: wager, keep: 9 },
  { name: 'What its author may have known', render: knowledge, keep: 10 },
  { name: 'Equity', render: equity, keep: 4, file: EQUITY_SVG_PATH },
  { name: 'How sure', render: statistics, keep: 11 },
  { name: 'If reality is worse than assumed', render: costs, keep: 10 },
  { name: 'Does it stand on firm ground?', render: robustness, keep: 8 },
  { name: 'Fitted to the past, judged on what came after', render: walkForward, keep: 6 },
  { name: 'How many were tried', render: trials, keep: 7 },
  { name: 'What it should do now', render: prediction, keep: 9 },
  { name: 'Lineage', render: lineage, keep: 2 },
  { name: 'How to reproduce', render: reproduce, keep: 'always' },
  { name: 'Commands', render: commands, keep: 'always' },
  { name: 'The footer', render: footer, keep: 'always' },
];

export interface PullRequestText {
  readonly title: string;
  readonly body: string;
}

/** The whole text of a pull request, from the pack and where it will be read. Same arguments, same bytes. */
export function renderPullRequest(pack: Pack, context: RenderContext): PullRequestText {
  return { title: title(pack), body: body(pack, context) };
}

const NOUNS: Record<ProposalKind, string> = { TWEAK: 'Tune', RESTRUCTURE: 'Rebuild', NEW: 'Add' };

function title(pack: Pack): string {
  const [first = '', ...others] = pack.proposal.changes;
  const change = plain(first);
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  const lead = pack.candidate.selection.metrics.netReturn - pack.incumbent.selection.metrics.netReturn;
  const label = pack.dataset.isSimulated ? '[SIMULATED] ' : '';
  const result = beatsIncumbent(pack) ? ` (${points(lead)})` : '';
  const before = `${label}${NOUNS[pack.proposal.kind]} ${pack.strategy}: `;
  const after = `${rest}${result}`;
  return `${before}${shortened(change, TITLE_LENGTH_MAX - before.length - after.length)}${after}`;
}

function body(pack: Pack, context: RenderContext): string {
  const parts = SECTIONS.map((section) => ({ section, markdown: foldWhenLong(section, section.render(pack, context)) })).filter(
    (part) => part.markdown !== '',
  );
  const droppable = parts
    .filter((part) => part.section.keep !== 'always')
    .sort((left, right) => Number(left.section.keep) - Number(right.section.keep));
  let text = joined(parts);
  for (const part of droppable) {
    if (text.length <= BODY_LENGTH_MAX) break;
    part.markdown = pointer(part.section, pack, context);
    text = joined(parts);
  }
  return text;
}

function foldWhenLong(section: Section, markdown: string): string {
  return markdown.length <= SECTION_LENGTH_MAX || section.keep === 'always' ? markdown : folded(section.name, markdown);
}

function pointer(section: Section, pack: Pack, context: RenderContext): string {
  return `_${section.name}: too long for this page, see [${section.file ?? REPORT_PATH}](${strategyFileUrl(context, pack.strategy, section.file ?? REPORT_PATH)})._`;
}

function joined(parts: readonly { readonly markdown: string }[]): string {
  return `${parts.map((part) => part.markdown).join('\n\n')}\n`;
}
