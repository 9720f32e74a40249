import type { KnownBad } from './known-bad.ts';
import { beforeDecisions } from './source-edits.ts';

export const feeBlind: KnownBad = {
  fault: 'leaves at the first profit, which does not pay for the trade',
  plant: (source) =>
    beforeDecisions(source, (context) => [`if (${context}.position.openReturn > 0) return ${context}.exit('in profit');`]),
  words: [
    /exit|leav|clos|profit|openReturn|target/i,
    /\bfees?\b|\bcosts?\b|spread|slippage|break-?even|round.?trip|commission|tiny|smallest|slightest|any (?:positive|profit|gain)|first profit/i,
  ],
};
