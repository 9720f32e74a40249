import type { Clock } from '#engine/clock.ts';
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
} from '../venue.ts';
import { VenueError } from '../venue-error.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeFill, ExchangeOrder } from './exchange-types.ts';

export type LinkCall =
  | 'markets'
  | 'balances'
  | 'quotes'
  | 'place'
  | 'cancel'
  | 'find'
  | 'openOrders'
  | 'fills'
  | 'clockOffset'
  | 'armDeadManSwitch'
  | 'rights';

/** The way between an engine and the exchange, which a simulation supplies and lets fail. */
export interface Link {
  /**
   * Carries one call. `work` does it at the exchange at the instant in which it is called, and returns or throws a refusal:
   * never calling it is a request that got lost, calling it twice one that came twice, calling it and throwing
   * `new VenueError('timeout', 'unknown', …)` an answer that got lost. What the promise gives is what the caller gets.
   */
  call<T>(name: LinkCall, work: () => T): Promise<T>;
  /** Carries one piece of news: `deliver` hands it to the listeners; now, later, twice, never. */
  news(news: VenueNews, deliver: () => void): void;
}

/** A way on which nothing goes wrong and nothing takes time. */
export const perfectLink: Link = {
  call: async (_, work) => work(),
  news: (_, deliver) => deliver(),
};

export interface DirectVenueOptions {
  readonly exchange: Exchange;
  /** One of the exchange's accounts. */
  readonly account: string;
  /** The engine's clock; the exchange's may go differently. */
  readonly clock: Clock;
  readonly link?: Link;
  readonly features?: Partial<VenueFeatures>;
  readonly rights?: KeyRights;
}

/** The model of an exchange as a venue, in this process, behind a link that can fail. */
export class DirectVenue implements Venue {
  readonly name = 'rehearsal';
  readonly account: string;
  readonly features: VenueFeatures;
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #rights: KeyRights;
  readonly #listeners = new Set<(news: VenueNews) => void>();
  readonly #leave: () => void;
  #isClosed = false;

  constructor({ exchange, account, clock, link = perfectLink, features, rights }: DirectVenueOptions) {
    this.#exchange = exchange;
    this.account = account;
    this.#clock = clock;
    this.#link = link;
    this.features = { hasDeadManSwitch: true, deadManTakesStops: true, hasStopOrders: true, ...features };
    this.#rights = rights ?? { canTrade: true, canWithdraw: false };
    this.#leave = exchange.on((event) => {
      if (event.order.account === account) this.tell({ kind: 'orders', symbol: event.order.symbol });
    });
  }

  /** News as if the exchange had pushed it: for `lost` and `back`, which only the way to it knows. */
  tell(news: VenueNews): void {
    this.#link.news(news, () => {
      for (const listener of this.#listeners) listener(news);
    });
  }

  markets(symbols: readonly string[]): Promise<VenueMarket[]> {
    return this.#call('markets', () => this.#exchange.markets().filter(({ symbol }) => symbols.includes(symbol)));
  }

  balances(): Promise<Map<string, Balance>> {
    return this.#call('balances', () => this.#exchange.balances(this.account));
  }

  quotes(symbols: readonly string[]): Promise<Map<string, Quote>> {
    return this.#call('quotes', () => {
      const listed = this.#exchange.markets().filter(({ symbol }) => symbols.includes(symbol));
      return new Map(listed.map(({ symbol }) => [symbol, this.#exchange.quote(symbol)]));
    });
  }

  place(request: OrderRequest): Promise<Placed> {
    return this.#call('place', () => ({ venueOrderId: String(this.#exchange.place(this.account, request).number) }));
  }

  cancel(name: OrderName): Promise<void> {
    return this.#call('cancel', () => {
      const order = this.#find(name);
      if (order === null) {
        throw new VenueError('no-such-order', 'refused', `There is no order ${name.clientOrderId}.`, 'Ask for it by `find`.');
      }
      if (order.state === 'open') this.#exchange.cancel(this.account, order.number);
    });
  }

  find(name: OrderName): Promise<VenueOrder | null> {
    return this.#call('find', () => {
      const order = this.#find(name);
      return order === null ? null : venueOrder(order);
    });
  }

  openOrders(symbols: readonly string[]): Promise<VenueOrder[]> {
    return this.#call('openOrders', () =>
      this.#exchange
        .openOrders(this.account)
        .filter((order) => symbols.includes(order.symbol))
        .map(venueOrder),
    );
  }

  fills(symbols: readonly string[], since: number): Promise<VenueFill[]> {
    return this.#call('fills', () =>
      this.#exchange
        .fills(this.account)
        .filter((fill) => fill.time >= since && symbols.includes(fill.symbol))
        .map(venueFill),
    );
  }

  clockOffset(): Promise<{ offset: number; uncertainty: number }> {
    const asked = this.#clock.now();
    return this.#call('clockOffset', () => this.#exchange.now()).then((theirs) => {
      const answered = this.#clock.now();
      return { offset: theirs - (asked + answered) / 2, uncertainty: (answered - asked) / 2 };
    });
  }

  armDeadManSwitch(ms: number): Promise<void> {
    return this.#call('armDeadManSwitch', () => this.#exchange.armDeadManSwitch(this.account, ms));
  }

  rights(): Promise<KeyRights> {
    return this.#call('rights', () => this.#rights);
  }

  onNews(listener: (news: VenueNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave();
    this.#listeners.clear();
  }

  #find({ clientOrderId, venueOrderId }: OrderName): ExchangeOrder | null {
    if (venueOrderId !== null) return this.#exchange.order(this.account, Number(venueOrderId));
    return this.#exchange.orderByClientId(this.account, clientOrderId);
  }

  async #call<T>(name: LinkCall, work: () => T): Promise<T> {
    if (this.#isClosed) throw new VenueError('network', 'not-sent', 'The venue is closed.', 'Open it again.');
    return this.#link.call(name, work);
  }
}

function venueOrder(order: ExchangeOrder): VenueOrder {
  const { clientOrderId, symbol, side, state, quantity, filled, createdAt } = order;
  return { venueOrderId: String(order.number), clientOrderId, symbol, side, state, quantity, filled, createdAt };
}

function venueFill(fill: ExchangeFill): VenueFill {
  const { symbol, side, quantity, price, fees, isMaker, time } = fill;
  return {
    ...{ symbol, side, quantity, price, fees, isMaker, time },
    id: String(fill.number),
    venueOrderId: String(fill.orderNumber),
  };
}
