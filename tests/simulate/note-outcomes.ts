import type { PendingOutcome } from '#engine/runtime/record.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

/** Traces and counts what came of an instant in each slot. @param now time of the world, UTC milliseconds */
export function noteOutcomes(outcomes: PendingOutcome['outcomes'], now: number, trace: Trace, tally: Tally): void {
  for (const { slot, outcome } of outcomes) {
    const { adopted, rejected, left, breached, faults, steps } = outcome;
    const note = (what: string): void => {
      tally.count(`version ${what}`);
      trace.note(now, `${slot.id} ${what}`);
    };
    if (adopted !== null) note(slot.positions.length > 0 ? 'adopted while it holds' : 'adopted');
    if (rejected !== null) note('rejected');
    if (left !== null) note('left');
    if (breached !== null) note('breached');
    if (faults.length > 0) note(slot.heldReason === null ? 'faulty' : 'held');
    for (const { decisions } of steps) {
      for (const { symbol, action, outcome: came } of decisions) {
        trace.note(now, `${slot.id} decides ${action} ${symbol}: ${came}`);
        if (action !== 'hold') tally.count('decisions');
        if (came.startsWith('denied:')) tally.count(`denied ${came.slice(7)}`);
      }
    }
  }
}
