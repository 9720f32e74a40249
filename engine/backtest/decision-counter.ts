import { ACTIONS, type Action } from '#engine/contract/intent.ts';
import type { DecisionCount } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

const REASONS_MAX = 256;
const MET_MAX = 8;
const OTHERS = '(other reasons)';

interface Tally {
  readonly action: Action;
  readonly reason: string;
  count: number;
}

/** How often each action was taken for each reason. Reasons are texts a strategy makes, so only the first 256 are told apart. */
export class DecisionCounter {
  readonly #tallies = new Map<Action, Map<string, Tally>>(ACTIONS.map((action) => [action, new Map()]));
  #kinds = 0;

  /** For one symbol's decisions; what `list` gives is over all symbols. */
  symbol(): SymbolCounter {
    return new SymbolCounter(this);
  }

  find(action: Action, reason: string): Tally {
    const byReason = this.#tallies.get(action)!;
    return byReason.get(reason) ?? this.#open(byReason, action, reason);
  }

  /** Most frequent first; ties by action and reason. */
  list(): DecisionCount[] {
    const all = [...this.#tallies.values()].flatMap((byReason) => [...byReason.values()]);
    return all
      .map(({ action, reason, count }) => ({ action, reason, count }))
      .sort(
        (left, right) => right.count - left.count || compare(`${left.action} ${left.reason}`, `${right.action} ${right.reason}`),
      );
  }

  #open(byReason: Map<string, Tally>, action: Action, reason: string): Tally {
    const name = this.#kinds < REASONS_MAX ? reason : OTHERS;
    const known = byReason.get(name);
    if (known !== undefined) return known;
    this.#kinds += 1;
    const tally = { action, reason: name, count: 0 };
    byReason.set(name, tally);
    return tally;
  }
}

/** A symbol mostly repeats what it decided on the bar before, so it remembers the tallies it met: comparing texts is quicker than hashing one. */
export class SymbolCounter {
  readonly #counter: DecisionCounter;
  readonly #met: Tally[] = [];
  #latest: Tally;

  constructor(counter: DecisionCounter) {
    this.#counter = counter;
    // Stands for no decision: no reason is empty.
    this.#latest = { action: 'hold', reason: '', count: 0 };
  }

  add(action: Action, reason: string): void {
    const latest = this.#latest;
    if (latest.reason === reason && latest.action === action) latest.count += 1;
    else this.#turnTo(action, reason);
  }

  #turnTo(action: Action, reason: string): void {
    const met = this.#met;
    let tally: Tally | undefined;
    for (let at = 0; at < met.length && tally === undefined; at += 1) {
      if (met[at]!.reason === reason && met[at]!.action === action) tally = met[at];
    }
    if (tally === undefined) {
      tally = this.#counter.find(action, reason);
      if (met.length < MET_MAX) met.push(tally);
    }
    tally.count += 1;
    this.#latest = tally;
  }
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
