import { ideasOf } from './effective-number.ts';
import type { EntryOf } from './entries.ts';
import type { Addition } from './ledger-files.ts';
import { digestOfReturns, type NightReturns, packReturns, unpackReturns } from './return-series.ts';

/**
 * The line that closes a search, and the packed returns it names.
 * @param trials how many were planned @param returns of those that were scored; null when none was
 */
export function closeSearch(
  trials: number,
  returns: NightReturns | null,
): { readonly entry: EntryOf<'search-ended'>; readonly returns: Pick<Addition, 'returns'> } {
  if (returns === null) return { entry: { kind: 'search-ended', trials, scored: 0, returns: null, ideas: [] }, returns: {} };
  const packed = packReturns(returns);
  // Ideas of the returns as they are kept, to a millionth: readers have no others.
  const ideas = [...ideasOf(unpackReturns(packed))];
  const scored = returns.trials.length;
  return {
    entry: { kind: 'search-ended', trials, scored, returns: digestOfReturns(packed), ideas },
    returns: { returns: packed },
  };
}
