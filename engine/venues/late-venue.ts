import { explain } from '#engine/errors.ts';
import type {
  Balance,
  KeyRights,
  OrderName,
  OrderRequest,
  Placed,
  Quote,
  Venue,
  VenueFeatures,
  VenueFill,
  VenueMarket,
  VenueNews,
  VenueOrder,
} from './venue.ts';
import { VenueError } from './venue-error.ts';

export interface LateVenueOptions {
  readonly name: string;
  readonly account: string;
  readonly features: VenueFeatures;
  /** Opens the account; tried again with every question until it succeeds. */
  readonly open: () => Promise<Venue>;
}

/**
 * A venue that may not answer yet: an engine starts all the same, its strategies on paper trade, and orders that rest at the venue work.
 * Whatever is asked before it has opened is asked once it has; while it cannot be, nothing leaves this machine.
 */
export class LateVenue implements Venue {
  readonly name: string;
  readonly account: string;
  readonly features: VenueFeatures;
  readonly #open: () => Promise<Venue>;
  readonly #listeners = new Map<(news: VenueNews) => void, () => void>();
  #venue: Venue | null = null;
  #opening: Promise<Venue> | null = null;
  #isClosed = false;

  constructor({ name, account, features, open }: LateVenueOptions) {
    this.name = name;
    this.account = account;
    this.features = features;
    this.#open = open;
  }

  /** Tries now. @throws what opening throws, as it is */
  async begin(): Promise<void> {
    await this.#opened();
  }

  async markets(symbols: readonly string[]): Promise<VenueMarket[]> {
    return (await this.#ready()).markets(symbols);
  }

  async balances(): Promise<Map<string, Balance>> {
    return (await this.#ready()).balances();
  }

  async quotes(symbols: readonly string[]): Promise<Map<string, Quote>> {
    return (await this.#ready()).quotes(symbols);
  }

  async place(request: OrderRequest): Promise<Placed> {
    return (this.#venue ?? (await this.#ready())).place(request);
  }

  async cancel(order: OrderName): Promise<void> {
    return (this.#venue ?? (await this.#ready())).cancel(order);
  }

  async find(order: OrderName): Promise<VenueOrder | null> {
    return (await this.#ready()).find(order);
  }

  async openOrders(symbols: readonly string[]): Promise<VenueOrder[]> {
    return (await this.#ready()).openOrders(symbols);
  }

  async fills(symbols: readonly string[], since: number): Promise<VenueFill[]> {
    return (await this.#ready()).fills(symbols, since);
  }

  async clockOffset(): Promise<{ offset: number; uncertainty: number }> {
    return (await this.#ready()).clockOffset();
  }

  async armDeadManSwitch(ms: number): Promise<void> {
    return (await this.#ready()).armDeadManSwitch(ms);
  }

  async rights(): Promise<KeyRights> {
    return (await this.#ready()).rights();
  }

  onNews(listener: (news: VenueNews) => void): () => void {
    this.#listeners.set(listener, this.#venue?.onNews(listener) ?? (() => undefined));
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  /** Lets go of the account; one that is just being opened is let go of as soon as it is open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // What opening fails with is told to whoever asked for it.
    await this.#opening?.catch(() => undefined);
    await this.#venue?.close();
  }

  async #ready(): Promise<Venue> {
    try {
      return await this.#opened();
    } catch (error) {
      const kind = error instanceof VenueError ? error.kind : 'permission';
      throw new VenueError(kind, 'not-sent', `${this.name} could not be opened: ${explain(error)}`, 'It is tried again.', {
        cause: error,
      });
    }
  }

  async #opened(): Promise<Venue> {
    if (this.#venue !== null) return this.#venue;
    if (this.#isClosed) throw new VenueError('other', 'not-sent', `${this.name} was closed.`, 'Open it again.');
    this.#opening ??= this.#open()
      .then((venue) => {
        this.#venue = venue;
        for (const listener of this.#listeners.keys()) this.#listeners.set(listener, venue.onNews(listener));
        return venue;
      })
      .finally(() => {
        this.#opening = null;
      });
    return this.#opening;
  }
}
