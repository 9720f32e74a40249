import { createHash, timingSafeEqual } from 'node:crypto';
import { Big } from 'big.js';
import { z } from 'zod';
import type { Clock } from '#engine/clock.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { RestAnswer, RestRequest } from './dialect.ts';
import type { ListedMarket } from './exchange-types.ts';
import { type FaultAnswer, FaultOrder, messageKinds, requestFaults } from './fault-order.ts';
import type { FaultPlan, MessageFault } from './faults.ts';
import type { Rehearsal } from './start-rehearsal.ts';

/** Requests that place or cancel, as Kraken's and Binance's dialects name them. */
const orderCalls = ['AddOrder', 'CancelOrder', 'POST order', 'DELETE order'];
/** What rests on one level of a thin book, quote asset: a few hundred in all are filled at once. */
const thinNotional = 10;

/** Faults of a rehearsal that runs, as a person orders them: each for a while, or until `none`. */
export class FaultsByHand {
  readonly #rehearsal: Rehearsal;
  /** What happens by chance when nothing is ordered. */
  readonly #usual: FaultPlan | null;
  /** The day's, whatever the pace of the exchange's own. */
  readonly #clock: Clock;
  readonly #under = new Map<string, { readonly cancel: () => void; readonly end: () => void | Promise<void> }>();
  /** Of orders that nobody here gave. */
  readonly #strange: number[] = [];

  constructor(rehearsal: Rehearsal, usual: FaultPlan | null, clock: Clock) {
    this.#rehearsal = rehearsal;
    this.#usual = usual;
    this.#clock = clock;
  }

  /** Answers a request at `faultPath`; one without the key's secret is refused. */
  async answer({ method, headers, body }: RestRequest): Promise<RestAnswer> {
    const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!timingSafeEqual(digestOf(given), digestOf(this.#rehearsal.key.secret)))
      return said(401, { wrong: 'That is not the key.' });
    if (method !== 'POST') return said(405, { wrong: 'Faults are ordered by POST.' });
    try {
      return said(200, { done: await this.#obey(FaultOrder.parse(JSON.parse(body))) });
    } catch (error) {
      if (error instanceof z.ZodError) return said(400, { wrong: z.prettifyError(error) });
      if (error instanceof RatchetError || error instanceof SyntaxError) return said(400, { wrong: explain(error) });
      throw error;
    }
  }

  /** Nothing that was ordered goes on. */
  async end(): Promise<void> {
    for (const topic of [...this.#under.keys()]) await this.#endOf(topic);
  }

  async #obey(order: FaultOrder): Promise<string> {
    const { server, exchange, key } = this.#rehearsal;
    const { kind, rate, ordersOnly, skewMs } = order;
    const until = `for ${order.forMs / 1000} s`;
    const seed = this.#clock.now();
    const request = requestFaults.find((known) => known === kind);
    if (request !== undefined) {
      const calls = ordersOnly ? orderCalls : undefined;
      this.#begin('chance', order, () => server.faults.byChance({ seed, rate, kinds: [request], calls }), this.#asUsual);
      return `${request} ${until}, ${rate} of ${ordersOnly ? 'the requests that place or cancel orders' : 'all requests'}.`;
    }
    if (messageKinds.some((known) => known === kind)) {
      const messageKind = kind.slice('messages-'.length) as MessageFault;
      const plan = { seed, rate: 0, messageRate: rate, messageKinds: [messageKind] };
      this.#begin('chance', order, () => server.faults.byChance(plan), this.#asUsual);
      return `${rate} of the messages of private streams ${messageKind} ${until}.`;
    }
    switch (kind) {
      case 'down':
        // After the answer to this order.
        this.#begin(
          'line',
          order,
          () => void this.#clock.after(50, () => void server.down()),
          () => server.up(),
        );
        return `No connection is taken ${until}: as near to a name that does not resolve as a server comes.`;
      case 'silence':
        this.#begin(
          'streams',
          order,
          () => server.silence(),
          () => server.speak(),
        );
        return `Streams stay open and say nothing ${until}.`;
      case 'skew':
        this.#begin(
          'skew',
          order,
          () => this.#rehearsal.setSkew(skewMs),
          () => this.#rehearsal.setSkew(0),
        );
        return `The exchange’s clock is ${skewMs} ms off ${until}.`;
      case 'maintenance':
        this.#begin(
          'maintenance',
          order,
          () => this.#rehearsal.setMaintenance(true),
          () => this.#rehearsal.setMaintenance(false),
        );
        return `Maintenance ${until}.`;
      case 'thin': {
        const { symbol, book } = this.#market(order);
        const { levelNotional } = book;
        const thicken = () => exchange.reshape(symbol, { levelNotional });
        this.#begin(`thin ${symbol}`, order, () => exchange.reshape(symbol, { levelNotional: thinNotional }), thicken);
        return `The book of ${symbol} is thin ${until}: orders are filled in parts.`;
      }
      case 'drop-streams':
        server.dropStreams();
        return 'Every stream is broken.';
      case 'deposit': {
        const { asset, amount } = order;
        if (asset === undefined || amount === undefined) throw lacking('an asset and an amount');
        const free = exchange.balances(key.account).get(asset)?.free ?? new Big(0);
        if (free.plus(amount).lt(0)) throw lacking(`no more than the ${free.toFixed()} ${asset} that are free`);
        exchange.deposit(key.account, asset, new Big(amount));
        return `${amount} ${asset} ${amount.startsWith('-') ? 'went out' : 'came in'}.`;
      }
      case 'order':
      case 'trade':
        return this.#strangeOrder(order, this.#market(order));
      default:
        await this.end();
        for (const number of this.#strange.splice(0)) {
          if (exchange.order(key.account, number)?.state === 'open') exchange.cancel(key.account, number);
        }
        return 'Everything that was ordered is over, and orders of strangers are cancelled.';
    }
  }

  readonly #asUsual = () => this.#rehearsal.server.faults.byChance(this.#usual);

  #market({ symbol }: FaultOrder): ListedMarket {
    const markets = this.#rehearsal.exchange.markets();
    const market = symbol === undefined ? markets[0] : markets.find((one) => one.symbol === symbol);
    if (market === undefined) throw lacking(`one of ${markets.map((one) => one.symbol).join(', ')} as its symbol`);
    return market;
  }

  /** Somebody who is not the engine buys: now, or at a tenth below the price. @throws VenueError where the exchange refuses it */
  #strangeOrder({ kind, amount }: FaultOrder, { symbol, tickSize, stepSize, minQuantity, minNotional }: ListedMarket): string {
    const { exchange, key } = this.#rehearsal;
    const { bid } = exchange.quote(symbol);
    const limitPrice = kind === 'order' ? bid.times('0.9').div(tickSize).round(0, Big.roundDown).times(tickSize) : null;
    const least = minNotional
      .div(limitPrice ?? bid)
      .div(stepSize)
      .round(0, Big.roundUp)
      .times(stepSize);
    const quantity = amount === undefined ? (least.gt(minQuantity) ? least : minQuantity).times(2) : new Big(amount);
    const request = { clientOrderId: null, symbol, side: 'buy', quantity, limitPrice, stopPrice: null } as const;
    const { number } = exchange.place(key.account, { ...request, kind: kind === 'order' ? 'limit' : 'market' });
    this.#strange.push(number);
    const done =
      kind === 'order'
        ? `would buy ${quantity.toFixed()} ${symbol} at ${limitPrice!.toFixed()}`
        : `bought ${quantity.toFixed()} ${symbol}`;
    return `Somebody else ${done}: order ${number}.`;
  }

  /** Begins what lasts, in place of what is under way about the same. */
  #begin(topic: string, { forMs }: FaultOrder, begin: () => void, end: () => void | Promise<void>): void {
    this.#under.get(topic)?.cancel();
    begin();
    const cancel = this.#clock.after(forMs, () => void this.#endOf(topic));
    this.#under.set(topic, { cancel, end });
  }

  async #endOf(topic: string): Promise<void> {
    const one = this.#under.get(topic);
    this.#under.delete(topic);
    one?.cancel();
    await one?.end();
  }
}

function lacking(what: string): RatchetError {
  return new RatchetError('rehearsal/bad-fault', `This fault needs ${what}.`, 'See ratchet rehearsal fault --help.');
}

function said(status: number, body: FaultAnswer): RestAnswer {
  return { status, body };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
