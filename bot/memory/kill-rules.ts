import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import type { ProposalClaim } from '#bot/evidence/pack.ts';
import { happened, type Standing } from './forecasts.ts';
import { DAY_MS } from './measured.ts';
import type { KillRuleOutcome } from './memory.ts';

export type KillRule = Pick<KillRuleOutcome, 'source' | 'measure' | 'is' | 'value' | 'afterDays'>;

/** What was to refute the proposal: the author's rule, if there is one, and those of its evidence. */
export function killRulesOf({ killRule }: Pick<ProposalClaim, 'killRule'>, prediction: Prediction): readonly KillRule[] {
  const own: KillRule[] = killRule === null ? [] : [{ source: 'author', ...killRule }];
  if (prediction === null) return own;
  const { maxDrawdown, netReturn, afterDays } = prediction.killRule;
  return [
    ...own,
    { source: 'bootstrap', measure: 'maxDrawdown', is: 'above', value: maxDrawdown, afterDays: 0 },
    { source: 'bootstrap', measure: 'netReturn', is: 'below', value: netReturn, afterDays },
  ];
}

/**
 * Whether a rule was broken by a market time: looked at when its days had passed, and at the end of every further day while the
 * version ran.
 */
export function ruled(rule: KillRule, standing: Standing, asOf: number): KillRuleOutcome {
  const untripped = (state: KillRuleOutcome['state'], why: string | null = null): KillRuleOutcome => ({
    ...rule,
    state,
    trippedAt: null,
    why,
  });
  if (standing.state === 'waiting') return untripped('pending', standing.why);
  if (standing.state !== 'ran') return untripped(standing.state, standing.why);
  const { since, until } = standing.run;
  const from = since + Math.max(1, rule.afterDays) * DAY_MS;
  if (until !== null && until < from) return untripped('censored', standing.stopped);
  const end = Math.min(asOf, until ?? asOf);
  if (from > end) return untripped('pending');
  const isBroken = (at: number): boolean | null => {
    const measured = standing.measuredAt(rule.measure, at);
    return measured === null ? null : happened(rule, measured);
  };
  const days = Math.floor((end - from) / DAY_MS);
  let isKnown = false;
  for (const day of daysToLookAt(rule, days, (day) => isBroken(from + day * DAY_MS) === true)) {
    const at = from + day * DAY_MS;
    const broken = isBroken(at);
    if (broken === true) return { ...rule, state: 'tripped', trippedAt: at, why: null };
    isKnown ||= broken !== null;
  }
  return untripped(isKnown ? 'kept' : 'unknown');
}

/** A worst fall only grows, so the day on which it passed a line is found by halving; others are looked at day by day. */
function daysToLookAt({ measure, is }: KillRule, last: number, isBroken: (day: number) => boolean): readonly number[] {
  if (measure !== 'maxDrawdown' || is !== 'above') return Array.from({ length: last + 1 }, (_, day) => day);
  let [low, high] = [0, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBroken(middle)) high = middle;
    else low = middle + 1;
  }
  return [high];
}
