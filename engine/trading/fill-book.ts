import { explain } from '#engine/errors.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { VenueFill } from '#engine/venues/venue.ts';
import { answered } from './call.ts';
import type { TraderParts } from './trader-parts.ts';

/** So many names of fills are kept to know them again; more is asked of the journal. */
const knownMax = 5_000;

/** Fetches fills from where the journal is complete on, and records each once. */
export class FillBook {
  readonly #parts: TraderParts;
  readonly #onRecorded: () => void;
  readonly #known = new Set<string>();
  /** Fills before this are all recorded; by the venue's clock. */
  #since: number;

  /** @param since as the journal's cursor has it */
  constructor(parts: TraderParts, since: number, onRecorded: () => void) {
    this.#parts = parts;
    this.#since = since;
    this.#onRecorded = onRecorded;
  }

  get since(): number {
    return this.#since;
  }

  advance(since: number): void {
    this.#since = Math.max(this.#since, since);
  }

  /** Records what is ours. @returns what belongs to no order that is known by the venue's name @throws VenueError */
  async fetch(symbols: readonly string[]): Promise<VenueFill[]> {
    const { venue, clock, timings, ledger, risk } = this.#parts;
    const since = Math.max(0, this.#since - timings.overlapMs);
    const fills = await answered(clock, timings.callTimeoutMs, 'fills', () => venue.fills(symbols, since));
    const fresh = fills.filter((fill) => !this.#isKnown(fill));
    if (fresh.length === 0) return [];
    const owners = this.#owners();
    const strangers: VenueFill[] = [];
    ledger.commit(() => {
      for (const fill of fresh) {
        const owner = owners.get(keyOf(fill.symbol, fill.venueOrderId)) ?? this.#pastOwner(fill);
        if (owner === null) strangers.push(fill);
        else this.#record(owner, fill);
      }
      risk.write();
    });
    this.#onRecorded();
    return strangers;
  }

  #record(owner: { readonly row: OrderRow }, fill: VenueFill): void {
    const { ledger, clock, prices } = this.#parts;
    try {
      assertPossible(owner.row, fill);
      ledger.recordFill(owner.row, fill, clock.now(), prices.priceOf);
      this.#know(keyOf(fill.symbol, fill.id));
    } catch (error) {
      const { symbol, id, quantity } = fill;
      const message = `The venue's fill ${id} of ${quantity} does not fit its order ${owner.row.clientOrderId}: ${explain(error)}`;
      this.#parts.freeze({ symbol, code: 'impossible-fill', subject: id, message });
    }
  }

  #isKnown({ symbol, id }: VenueFill): boolean {
    const key = keyOf(symbol, id);
    if (this.#known.has(key)) return true;
    if (!this.#parts.ledger.journal.hasFill(symbol, id)) return false;
    this.#know(key);
    return true;
  }

  #know(key: string): void {
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.add(key);
  }

  /** Live orders by the venue's name. */
  #owners(): Map<string, { readonly row: OrderRow }> {
    const owners = new Map<string, { readonly row: OrderRow }>();
    for (const { order } of this.#parts.ledger.live()) {
      if (order.row.venueOrderId !== null) owners.set(keyOf(order.row.symbol, order.row.venueOrderId), order);
    }
    return owners;
  }

  #pastOwner({ symbol, venueOrderId }: VenueFill): { readonly row: OrderRow } | null {
    const row = this.#parts.ledger.journal.orderByVenueId(symbol, venueOrderId);
    return row === null ? null : { row };
  }
}

/** What no purchase or sale can be would turn what is held into its opposite. */
function assertPossible({ side }: OrderRow, fill: VenueFill): void {
  if (fill.side !== side) throw new RangeError(`it is a ${fill.side}, and the order is a ${side}.`);
  if (!fill.quantity.gt(0)) throw new RangeError('its quantity is not above zero.');
  if (!fill.price.gt(0)) throw new RangeError(`its price is ${fill.price}.`);
}

function keyOf(symbol: string, id: string): string {
  return `${symbol} ${id}`;
}
