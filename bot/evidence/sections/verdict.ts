import { type Check, type Confidence, checks, confidence } from '#bot/evidence/confidence.ts';
import { code, shortened, text } from '#bot/evidence/markdown.ts';
import { chance, count, counted, percent, points, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack, ProposalKind } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/** A longer change is told whole in its own section. */
const CHANGE_LENGTH_MAX = 80;

const VERBS: Record<ProposalKind, string> = { TWEAK: 'Tune', RESTRUCTURE: 'Rebuild', NEW: 'Add' };

const STAKES = {
  shadow: 'nothing. It will run in **shadow**: it decides, and sends no orders.',
  paper: 'no money. It will trade on **paper**: orders are simulated.',
  canary: 'a **small amount of real money** (canary).',
  live: '**real money** (live).',
} as const;

/** The first screen: what changes, why, how sure, and what is at stake. */
export function verdict(pack: Pack, context: RenderContext): string {
  const asked = checks(pack);
  const parts = [
    sentence(pack, asked),
    '',
    `**Why?** ${text(pack.proposal.hypothesis)}`,
    '',
    `**How sure?** ${howSure(pack)}`,
    '',
    `**At stake:** ${STAKES[context.stage]}`,
    '',
    ...asked.map(line),
  ];
  return pack.dataset.isSimulated ? [simulatedAlert(), '', ...parts].join('\n') : parts.join('\n');
}

function sentence(pack: Pack, asked: readonly Check[]): string {
  const held = asked.filter((check) => check.holds).length;
  return `**${what(pack)}: ${why(pack)}. ${sure(confidence(asked))}: ${held} of ${asked.length} checks hold.**`;
}

/** Two sentences with numbers and without statistics: the lead, and what is left of it when luck is counted. */
function howSure({ comparison, statistics, search }: Pack): string {
  const lead = comparison.incumbent.netReturn;
  const ahead =
    lead === null
      ? 'There is too little to say whether the lead is chance.'
      : `In ${chance(lead.shareAbove)} of ${count(lead.resamples)} histories drawn again from the same days it is ahead of the running version; 95 of 100 of them end between ${points(lead.low)} and ${points(lead.high)}.`;
  const { deflatedSharpe } = statistics;
  const tried = `${counted(search.trialsEver, 'configuration')} ${search.trialsEver === 1 ? 'was' : 'were'} tried`;
  const luck =
    deflatedSharpe === null
      ? `${tried}, and how much of its result is their luck cannot be told.`
      : `${tried}, and the best of many looks good by luck alone: the chance that its own result is better than such luck is ${chance(deflatedSharpe)}.`;
  return `${ahead} ${luck}`;
}

function what(pack: Pack): string {
  const [first = '', ...others] = pack.proposal.changes;
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${VERBS[pack.proposal.kind]} ${code(pack.strategy)} (${text(shortened(first, CHANGE_LENGTH_MAX))}${rest})`;
}

function why(pack: Pack): string {
  const candidate = pack.candidate.selection.metrics;
  const incumbent = pack.incumbent.selection.metrics;
  const difference = candidate.netReturn - incumbent.netReturn;
  const returns = `on data the search did not see it made ${signedPercent(candidate.netReturn)} after costs, the running version ${signedPercent(incumbent.netReturn)} (${points(difference)})`;
  return `${returns}, with a worst drop of ${percent(Math.abs(candidate.maxDrawdown))} against ${percent(Math.abs(incumbent.maxDrawdown))}`;
}

function sure(word: Confidence): string {
  switch (word) {
    case 'good':
      return 'The evidence is good for a backtest, which is never proof';
    case 'fair':
      return 'The evidence is fair';
    case 'thin':
      return 'The evidence is thin';
    case 'none':
      return 'There is no reason here to merge it';
  }
}

function line(check: Check): string {
  return `- ${check.holds ? '✅' : '❌'} ${text(check.claim)}`;
}

function simulatedAlert(): string {
  return [
    '> [!WARNING]',
    '> **SIMULATED DATA.** These prices were made by a program, not by a market.',
    '> The numbers show that the machinery works. They say nothing about what would happen with money.',
  ].join('\n');
}
