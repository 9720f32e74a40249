/**
 * The trial ledger: one file a night on the state branch, `ledger/<cycle>.jsonl`. Each line carries the hash of the line before it,
 * across files too, and the head is written beside them, so that no line can be rewritten, dropped or moved unseen. Every
 * configuration ever evaluated stands here, failures and quiet nights included, because a result means less the more were tried.
 */
export * from './ledger/chain.ts';
export { closeSearch } from './ledger/close-search.ts';
export { configurationOf } from './ledger/configuration.ts';
export { effectiveNumber, ideasOf, type NightIdeas } from './ledger/effective-number.ts';
export { type EntryOf, HINT_LENGTH_MAX, type Hint, LedgerEntry, type PlannedTrial, type Stake } from './ledger/entries.ts';
export { type Addition, appendToNewest, appendToNight, type LedgerWriter, readLedgerFrom } from './ledger/ledger-files.ts';
export { type AskedIn, type Night, nextCycle, nightAskedIn, nightsOf, plannedIn, unfinishedNight } from './ledger/nights.ts';
export { LEDGER_FOLDER, LEDGER_HEAD_PATH, ledgerPath, returnsPath } from './ledger/paths.ts';
export { daysOf, digestOfReturns, type NightReturns, packReturns, returnsByDay, unpackReturns } from './ledger/return-series.ts';
export { requireStructure } from './ledger/structure.ts';
export {
  type HarsherTrials,
  harsherTrials,
  nightReturns,
  requireIdeas,
  type Search,
  searchOf,
  trialReturns,
} from './ledger/trials.ts';
