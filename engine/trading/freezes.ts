import type { FreezeRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';

/** Something that the journal does not explain. */
export interface Finding {
  readonly symbol: string;
  readonly code:
    | 'foreign-order'
    | 'foreign-fill'
    | 'balance'
    | 'vanished-order'
    | 'missing-fills'
    | 'impossible-fill'
    | 'oversold'
    | 'impossible-answer'
    | 'no-market';
  /** What exactly: the name of an order or a fill, an asset, the strategy that holds. The same is found once. */
  readonly subject: string;
  /** With the numbers, for people. */
  readonly message: string;
}

/** Which symbols are frozen, and why: nothing is opened in them until a person has looked. */
export class Freezes {
  readonly #journal: OrderJournal;
  #rows: FreezeRow[];

  constructor(journal: OrderJournal) {
    this.#journal = journal;
    this.#rows = journal.freezes();
  }

  /** What stands there unexplained. */
  get open(): readonly FreezeRow[] {
    return this.#rows.filter(({ acceptedAt }) => acceptedAt === null);
  }

  /** Why the symbol is frozen; null when it is not. */
  why(symbol: string): string | null {
    return this.#rows.find((row) => row.symbol === symbol && row.acceptedAt === null)?.message ?? null;
  }

  /** An order of ours of which the venue does not say, or not so that it could be, what became of it; not yet accepted by a person. */
  doubts({ symbol, clientOrderId }: Pick<OrderRow, 'symbol' | 'clientOrderId'>): boolean {
    return this.#rows.some(
      (row) =>
        row.symbol === symbol &&
        row.subject === clientOrderId &&
        row.acceptedAt === null &&
        (row.code === 'vanished-order' || row.code === 'missing-fills' || row.code === 'impossible-answer'),
    );
  }

  /** What others did, and fills that cannot be, are found once, accepted or not; anything else again after it was accepted. */
  isKnown({ symbol, code, subject }: Pick<Finding, 'symbol' | 'code' | 'subject'>): boolean {
    return this.#rows.some(
      (row) =>
        row.symbol === symbol &&
        row.code === code &&
        row.subject === subject &&
        (row.acceptedAt === null || code === 'foreign-order' || code === 'foreign-fill' || code === 'impossible-fill'),
    );
  }

  /** @returns whether it was news */
  add(finding: Finding, at: number): boolean {
    if (this.isKnown(finding)) return false;
    const { symbol, code, subject, message } = finding;
    this.#journal.addFreeze({ symbol, code, subject, message, at });
    this.#rows = this.#journal.freezes();
    return true;
  }

  /** A person accepts what was found about the symbol so far. */
  accept(symbol: string, at: number, reason: string): void {
    this.#journal.acceptFreezes(symbol, at, reason);
    this.#rows = this.#journal.freezes();
  }
}
