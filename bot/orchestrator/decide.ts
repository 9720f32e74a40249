import type { Observation } from './observe.ts';

/** What fixed arithmetic makes of an observation. */
export type Verdict =
  | { readonly kind: 'NO_CHANGE'; readonly reason: string }
  /** Look for a better version; whether it becomes a TWEAK or a RESTRUCTURE shows when one is found. */
  | { readonly kind: 'SEARCH'; readonly reason: string };

/** A strategy that has made no trade for this long in the market it watches is in a drought. */
const DROUGHT_DAYS = 14;

/** Should anything change tonight? A version that earns its keep and has nothing wrong is left alone. */
export function decide(observation: Observation): Verdict {
  if (observation.openProposal !== null) {
    return {
      kind: 'NO_CHANGE',
      reason: `Pull request #${observation.openProposal} for ${observation.strategy} still waits for a decision.`,
    };
  }
  const { truth, development } = observation;
  if (truth !== null && truth.trades > 0 && truth.netResult < 0) {
    return {
      kind: 'SEARCH',
      reason: `${observation.strategy} lost ${money(-truth.netResult)} in ${truth.trades} paper trades, ${money(truth.fees)} of it fees.`,
    };
  }
  if (truth !== null && truth.daysSinceTrade !== null && truth.daysSinceTrade > DROUGHT_DAYS) {
    return {
      kind: 'SEARCH',
      reason: `${observation.strategy} has not traded for ${Math.floor(truth.daysSinceTrade)} days.`,
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
    reason: `${observation.strategy} earns ${percent(development.netReturn)} on the development data and ${money(truth?.netResult ?? 0)} on paper; nothing asks for a change.`,
  };
}

export function percent(ratio: number): string {
  return `${ratio < 0 ? '−' : ''}${Math.abs(ratio * 100).toFixed(1)} %`;
}

function money(quote: number): string {
  return quote.toFixed(2);
}
