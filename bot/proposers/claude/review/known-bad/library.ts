import { feeBlind } from './costs.ts';
import { pickedSymbol, rememberedDays, shortWarmUp } from './knowledge.ts';
import type { FaultName, KnownBad } from './known-bad.ts';
import { contradictsItself, deadFilter, idleParameter, unreachableExit } from './logic.ts';
import { lyingComment, removedStop } from './protection.ts';
import { averagesDown, fullWeight } from './sizing.ts';

/** Each of these is a change that a reviewer should have found. */
export const KNOWN_BAD: Readonly<Record<FaultName, KnownBad>> = {
  'removed-stop': removedStop,
  'lying-comment': lyingComment,
  'full-weight': fullWeight,
  'averages-down': averagesDown,
  'fee-blind': feeBlind,
  'short-warm-up': shortWarmUp,
  'remembered-days': rememberedDays,
  'picked-symbol': pickedSymbol,
  'idle-parameter': idleParameter,
  'dead-filter': deadFilter,
  'contradicts-itself': contradictsItself,
  'unreachable-exit': unreachableExit,
};
