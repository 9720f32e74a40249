import {
  type Addition,
  closeSearch,
  type LedgerEntry,
  type LedgerReading,
  type NightReturns,
  type PlannedTrial,
} from '#bot/evidence/ledger.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { TrialOutcome, TrialRecorder } from './create.ts';

const KINDS: readonly LedgerEntry['kind'][] = ['trials-planned', 'trial', 'search-ended'];

/**
 * Writes a night's trials into the ledger: each batch's plan before it runs, its outcomes together with the next plan or at the end.
 * A night that is run again finds lines there already; they must be the very ones it would have written.
 */
export class TrialRecord implements TrialRecorder {
  readonly #cycle: string;
  readonly #append: (addition: Addition) => Promise<void>;
  /** Lines of an earlier run of this night that have not been met yet. */
  readonly #known: LedgerEntry[];
  #waiting: LedgerEntry[] = [];

  constructor(cycle: string, ledger: LedgerReading, append: (addition: Addition) => Promise<void>) {
    this.#cycle = cycle;
    this.#append = append;
    this.#known = ledger.entries.flatMap((record) =>
      record.cycle === cycle && KINDS.includes(record.entry.kind) ? [record.entry] : [],
    );
  }

  async plan(trials: readonly PlannedTrial[]): Promise<void> {
    this.#add({ kind: 'trials-planned', trials: [...trials] });
    await this.#write();
  }

  async complete(outcomes: readonly TrialOutcome[]): Promise<void> {
    for (const outcome of outcomes) this.#add(outcome);
  }

  ahead(): 'plan' | 'end' | 'nothing' {
    const next = this.#known[0];
    if (next === undefined) return 'nothing';
    return next.kind === 'search-ended' ? 'end' : 'plan';
  }

  /** Closes the search: after this the night has no more trials. */
  async end(trials: number, returns: NightReturns | null): Promise<void> {
    const closing = closeSearch(trials, returns);
    this.#add(closing.entry);
    await this.#write(closing.returns);
    if (this.#known.length > 0) throw this.#notRepeatable();
  }

  #add(entry: LedgerEntry): void {
    const known = this.#known.shift();
    if (known === undefined) this.#waiting.push(entry);
    else if (canonicalJson(known) !== canonicalJson(entry)) throw this.#notRepeatable();
  }

  async #write(returns: Pick<Addition, 'returns'> = {}): Promise<void> {
    const entries = this.#waiting;
    this.#waiting = [];
    await this.#append({ entries, ...returns });
  }

  #notRepeatable(): RatchetError {
    return new RatchetError(
      'night/not-repeatable',
      `Cycle ${this.#cycle} was taken up again and its trials came out differently.`,
      'Engine or candles changed in between; end the cycle by hand and start a new one.',
      { cycle: this.#cycle },
    );
  }
}
