import type { Observation } from './observe.ts';

export type Decision =
  | { readonly kind: 'NO_CHANGE'; readonly reason: string }
  /** Look for a better version; whether it becomes a TWEAK or a RESTRUCTURE shows when one is found. */
  | { readonly kind: 'SEARCH'; readonly reason: string };

/** A strategy that has made no trade for this long in the market it watches is in a drought. */
const DROUGHT_DAYS = 14;
const DAY_MS = 86_400_000;

/** Should anything change tonight? A version that earns its keep and has nothing wrong is left alone. */
export function decide(observation: Observation): Decision {
  if (observation.openProposal !== null) {
    return {
      kind: 'NO_CHANGE',
      reason: `Pull request #${observation.openProposal} for ${observation.strategy} still waits for a decision.`,
    };
  }
  const { paper, development } = observation;
  if (paper.trades > 0 && paper.netResult < 0) {
    return {
      kind: 'SEARCH',
      reason: `${observation.strategy} lost ${money(-paper.netResult)} in ${paper.trades} paper trades, ${money(paper.fees)} of it fees.`,
    };
  }
  if (paper.lastTradeTime !== null && observation.asOf - paper.lastTradeTime > DROUGHT_DAYS * DAY_MS) {
    return {
      kind: 'SEARCH',
      reason: `${observation.strategy} has not traded for ${Math.floor((observation.asOf - paper.lastTradeTime) / DAY_MS)} days.`,
    };
  }
  if (development.trades === 0 || development.netReturn < 0) {
    const years = `${development.trades} trades on the development data`;
    return {
      kind: 'SEARCH',
      reason: `${observation.strategy} returns ${percent(development.netReturn)} after costs over ${years}.`,
    };
  }
  return {
    kind: 'NO_CHANGE',
    reason: `${observation.strategy} earns ${percent(development.netReturn)} on the development data and ${money(paper.netResult)} on paper; nothing asks for a change.`,
  };
}

export function percent(ratio: number): string {
  return `${ratio < 0 ? '−' : ''}${Math.abs(ratio * 100).toFixed(1)} %`;
}

function money(quote: number): string {
  return quote.toFixed(2);
}
