import { canonicalJson } from '#engine/attestation/canonical.ts';
import { type DecisionRecord, INTENT_NUMBERS, type Intent } from '#engine/contract/intent.ts';
import type { Trade } from '#engine/simulation/types.ts';
import { DecisionCounter } from '../decision-counter.ts';
import type { DecisionCount } from '../types.ts';

/** A decision that asked for something, with the open time of the bar it was made on, in a form in which equal is the same text. */
export interface RecordedIntent {
  readonly time: number;
  readonly text: string;
}

/** What a strategy did over a span. Two runs are the same when their recordings are. */
export interface Recording {
  readonly intents: readonly RecordedIntent[];
  /** How often each action was taken for each reason, holds included. */
  readonly counts: readonly DecisionCount[];
  readonly trades: readonly Trade[];
}

/** Takes a run down as it goes. */
export class Recorder {
  readonly intents: RecordedIntent[] = [];
  readonly trades: Trade[] = [];
  readonly #counter = new DecisionCounter();
  readonly #all = this.#counter.symbol();

  /** One decision on the bar that opened at `time`, UTC milliseconds. */
  add(time: number, decision: DecisionRecord): void {
    this.#all.add(decision.action, decision.reason);
    if (decision.action !== 'hold') this.intents.push({ time, text: canonicalJson(decision) });
  }

  finish(): Recording {
    return { intents: this.intents, counts: this.#counter.list(), trades: this.trades };
  }
}

/** An intent of the loop as a live run would report it: what was not given is absent, what is not finite is null. */
export function recordedIntent(time: number, symbol: string, intent: Intent): RecordedIntent {
  const { action, reason } = intent;
  const record: Record<string, string | number | null> = { symbol, action, reason };
  if (action === 'target' || action === 'limit') {
    for (const name of INTENT_NUMBERS) {
      const isAlwaysGiven = name === 'weight' || (name === 'price' && action === 'limit');
      if (isAlwaysGiven || !Number.isNaN(intent[name])) record[name] = Number.isFinite(intent[name]) ? intent[name] : null;
    }
  }
  return { time, text: canonicalJson(record) };
}

/** The first place at which two recordings part, in a person's words; null when they are the same to the last digit. */
export function firstDifference(one: Recording, other: Recording): string | null {
  return (
    differentIntent(one.intents, other.intents) ??
    differentItem('trade', one.trades, other.trades) ??
    differentItem('count of decisions', one.counts, other.counts)
  );
}

/** The first difference between the intents on bars that opened at or before `until`. */
export function firstDifferenceUntil(one: Recording, other: Recording, until: number): string | null {
  const before = ({ intents }: Recording): readonly RecordedIntent[] => intents.filter(({ time }) => time <= until);
  const closed = ({ trades }: Recording): readonly Trade[] => trades.filter(({ exitTime }) => exitTime <= until);
  return differentIntent(before(one), before(other)) ?? differentItem('trade', closed(one), closed(other));
}

function differentIntent(one: readonly RecordedIntent[], other: readonly RecordedIntent[]): string | null {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [left, right] = [one[index], other[index]];
    if (left?.time === right?.time && left?.text === right?.text) continue;
    const earliest = Math.min(left?.time ?? Number.POSITIVE_INFINITY, right?.time ?? Number.POSITIVE_INFINITY);
    const said = (intent: RecordedIntent | undefined): string => (intent?.time === earliest ? intent.text : 'nothing');
    return `on the bar of ${new Date(earliest).toISOString()}: ${said(left)}, against ${said(right)}`;
  }
  return null;
}

function differentItem(what: string, one: readonly object[], other: readonly object[]): string | null {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [left, right] = [one[index], other[index]].map((item) => (item === undefined ? 'none' : canonicalJson(item)));
    if (left !== right) return `${what} ${index + 1}: ${left}, against ${right}`;
  }
  return null;
}
