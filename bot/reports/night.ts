import type { Night } from '#bot/evidence/ledger.ts';
import { code, harmless, table, text } from '#bot/evidence/markdown.ts';
import { counted, minute } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { costText, type NightExchanges } from './night/cost.ts';
import { decidedText, wagerLines } from './night/decided.ts';
import { examinedText, packText } from './night/examined.ts';
import type { KeptWork } from './night/kept-work.ts';
import { seenText } from './night/seen.ts';
import { type Tried, triedText } from './night/tried.ts';

/** What became of a change that the gates had to stop. */
export interface FlownCanary {
  readonly canary: string;
  readonly outcome: 'stopped' | 'slipped' | 'not-judged';
  readonly stoppedBy: readonly string[];
  readonly sentence: string;
}

/** All that is known of one night. The same facts give the same text. */
export interface NightFacts {
  readonly night: Night;
  /** Market time up to which it looked. */
  readonly asOf: number;
  /** What a person wished for; null when nobody did. */
  readonly hint: { readonly by: string; readonly text: string } | null;
  /** Where its proposal stands; null where there is none. */
  readonly branch: string | null;
  /** In the order in which they were planned. */
  readonly trials: readonly Tried[];
  readonly canaries: readonly FlownCanary[];
  /** What it wrote down while it went on, or why that cannot be read. */
  readonly work: KeptWork | { readonly problem: string };
  /** The evidence of its proposal, where that can be read though the night's own work cannot; null otherwise. */
  readonly pack: Pack | null;
  /** Null where what models were asked is not at hand. */
  readonly exchanges: NightExchanges | null;
}

/** Markdown: what it saw, what it decided, what it tried, what held, what was refused, and what all of it cost. */
export function nightReport(facts: NightFacts): string {
  const { night, branch, trials, canaries, work, pack, exchanges } = facts;
  const kept = 'problem' in work ? null : work;
  const sections: readonly (readonly [title: string, part: string])[] = [
    ['What it saw', kept?.observation == null ? '' : seenText(kept.observation)],
    ['What it decided', kept === null ? packDecision(pack) : decidedText(kept)],
    ['What it tried', triedText(trials)],
    ['What was examined', kept === null ? (pack === null ? '' : packText(pack)) : examinedText(kept)],
    ['Canaries', canariesText(canaries)],
    ['What it cost', costText(night, kept?.state ?? null, exchanges)],
  ];
  return [
    ...headOf(facts),
    branch === null ? 'It left no proposal.' : `Its proposal stands on ${code(branch)}.`,
    ...('problem' in work
      ? [`${harmless(work.problem)} What follows is told from the ledger${pack === null ? '' : ' and from its evidence'}.`]
      : []),
    ...sections.flatMap(([title, part]) => (part === '' ? [] : [`## ${title}`, part])),
  ].join('\n\n');
}

function headOf({ night, asOf, hint }: NightFacts): readonly string[] {
  const { cycle, strategy, proposer, decision, reason, planned, scored, rejected, asked, above } = night;
  const held = `${above} of ${counted(asked, 'question')} to the selection data ${above === 1 ? 'was' : 'were'} answered with yes`;
  const wish = hint === null ? [] : [`${code(hint.by)} had wished for: ${text(hint.text)}`];
  const tried =
    planned === 0
      ? 'It tried nothing.'
      : `${counted(planned, 'trial')} planned, ${scored} scored, ${rejected} refused${asked === 0 ? '' : `; ${held}`}.`;
  return [
    `# Night ${cycle}`,
    `${code(strategy)} by ${code(proposer)}: **${decision === null ? 'not ended' : code(decision)}**. ${text(reason ?? '')}`.trimEnd(),
    ...wish,
    `It looked at the market up to ${minute(asOf)} UTC. ${tried}`,
  ];
}

function packDecision(pack: Pack | null): string {
  return pack === null ? '' : wagerLines(pack.proposal);
}

/** A canary that slips through stands first. */
function canariesText(canaries: readonly FlownCanary[]): string {
  if (canaries.length === 0) return '';
  const order = ['slipped', 'not-judged', 'stopped'];
  const sorted = canaries.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const columns = [
    { title: 'Canary', alignment: 'left' },
    { title: 'Outcome', alignment: 'left' },
    { title: 'By', alignment: 'left' },
  ] as const;
  const rows = sorted.map(({ canary, outcome, stoppedBy, sentence }) => [
    code(canary),
    outcome === 'stopped' ? outcome : `**${outcome}**: ${text(sentence)}`,
    stoppedBy.map(code).join(', '),
  ]);
  return ['Changes that the gates had to stop, flown before anything was looked for.', table(columns, rows)].join('\n\n');
}
