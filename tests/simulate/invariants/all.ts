import { barsOnceAndInOrder } from './bars-once-and-in-order.ts';
import { decisionsRecordedOnce } from './decisions-recorded-once.ts';
import type { Invariant } from './evidence.ts';
import { fillsNotInvented } from './fills-not-invented.ts';
import { frozenGetsNoEntry } from './frozen-gets-no-entry.ts';
import { moneyConserved } from './money-conserved.ts';
import { noEntryWhileHeldBack } from './no-entry-while-held-back.ts';
import { noSaleBeyondTheFills } from './no-sale-beyond-the-fills.ts';
import { ordersNeitherLostNorDoubled } from './orders-neither-lost-nor-doubled.ts';
import { protectedWithinABar } from './protected-within-a-bar.ts';
import { replayEqualsMemory } from './replay-equals-memory.ts';
import { standingAgrees } from './standing-agrees.ts';
import { withinLimits } from './within-limits.ts';

/** What holds after every event of every run. */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  'money conserved': moneyConserved,
  'orders neither lost nor doubled': ordersNeitherLostNorDoubled,
  'fills not invented': fillsNotInvented,
  'protected within a bar': protectedWithinABar,
  'no entry while held back': noEntryWhileHeldBack,
  'frozen gets no entry': frozenGetsNoEntry,
  'no sale beyond the fills': noSaleBeyondTheFills,
  'within limits': withinLimits,
  'replay equals memory': replayEqualsMemory,
  'bars once and in order': barsOnceAndInOrder,
  'decisions recorded once': decisionsRecordedOnce,
  'standing agrees with the journal': standingAgrees,
};
