import { counted, decimal, percent, share, signedPercent } from '#bot/evidence/numbers.ts';
import type { Measure, Pack, ProposalClaim, Threshold } from '#bot/evidence/pack.ts';

const TIERS: Record<ProposalClaim['riskTier'], string> = {
  1: 'a number moves',
  2: 'a rule moves',
  3: 'to be looked at closely',
};

const MEASURES: Record<Measure, { readonly words: string; readonly shown: (value: number) => string }> = {
  netReturn: { words: 'its net return', shown: signedPercent },
  maxDrawdown: { words: 'its worst drawdown', shown: percent },
  winRate: { words: 'the share of its trades that win', shown: share },
  tradesPerDay: { words: 'its trades a day', shown: (value) => decimal(value) },
};

/** What the author staked on the change before any result was seen; empty where the author is a search, which foresees nothing. */
export function wager({ proposal }: Pack): string {
  const { riskTier, forecast, killRule, proposer } = proposal;
  if (forecast === null && killRule === null) return '';
  const foreseen =
    forecast === null
      ? []
      : [
          `**Forecast:** ${crossed(forecast)}, with a probability of ${share(forecast.probability)}. It is scored when the days have passed.`,
        ];
  const refuted = killRule === null ? [] : [`**The hypothesis was wrong** when ${crossed(killRule)}.`];
  return [
    '### What its author staked on it',
    '',
    `Said by \`${proposer}\` before any result was seen. Risk tier ${riskTier}: ${TIERS[riskTier]}, in the author’s own judgement.`,
    ...[...foreseen, ...refuted].flatMap((line) => ['', line]),
  ].join('\n');
}

/** `after 30 days its net return is above +2.00%`. */
export function crossed({ measure, is, value, afterDays }: Threshold): string {
  const { words, shown } = MEASURES[measure];
  return `after ${counted(afterDays, 'day')} ${words} is ${is} ${shown(value)}`;
}
