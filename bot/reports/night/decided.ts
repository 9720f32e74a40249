import { text } from '#bot/evidence/markdown.ts';
import { counted, share } from '#bot/evidence/numbers.ts';
import type { Forecast, Threshold } from '#bot/evidence/pack.ts';
import { crossed } from '#bot/evidence/sections/wager.ts';
import type { KeptWork } from './kept-work.ts';

/** What is staked on a change before any result is seen. */
interface Wager {
  readonly kind: string;
  readonly hypothesis: string;
  readonly riskTier: 1 | 2 | 3;
  readonly forecast: Forecast | null;
  readonly killRule: Threshold | null;
}

/** Markdown: what was decided and why, and what its author staked on it. Empty before the night came to that. */
export function decidedText({ plan, study }: Pick<KeptWork, 'plan' | 'study'>): string {
  if (plan === null) return '';
  if (plan.kind === 'nothing') return `Nothing should change. ${text(plan.reason)}`;
  const { decision, why, searches } = plan;
  const who = decision === null ? 'Fixed arithmetic asked for a change, and no model for one:' : 'A model decided:';
  const then = searches ? ' A search was made.' : '';
  const head = `${who} ${text(why)}${then}`;
  if (decision !== null && decision.kind !== 'NO_CHANGE') {
    const { kind, hypothesis, riskTier } = decision;
    const staked = 'forecast' in decision ? decision : { forecast: null, killRule: null };
    return [head, wagerLines({ kind, hypothesis, riskTier, forecast: staked.forecast, killRule: staked.killRule })].join('\n\n');
  }
  if (study?.kind === 'nothing') return [head, `Nothing came of it. ${text(study.reason)}`].join('\n\n');
  if (study?.kind !== 'candidates') return head;
  const [best] = study.candidates;
  return [head, `Of ${counted(study.candidates.length, 'candidate')}, the first to be examined:`, wagerLines(best!.claim)].join(
    '\n\n',
  );
}

/** One that foresees nothing itself leaves it to the evidence, which says so there. */
export function wagerLines({ kind, hypothesis, riskTier, forecast, killRule }: Wager): string {
  return [
    `- **Kind**: ${text(kind)}, risk tier ${riskTier} of 3 in its author’s own judgement`,
    `- **Hypothesis**: ${text(hypothesis)}`,
    `- **Forecast**: ${forecast === null ? 'none by its author; the evidence foretells what it can' : `${crossed(forecast)}, with a probability of ${share(forecast.probability)}`}`,
    `- **Kill rule**: ${killRule === null ? 'none by its author; the evidence names one' : crossed(killRule)}`,
  ].join('\n');
}
