import { Big } from 'big.js';
import type { Exchange } from 'ccxt';
import type { Clock } from '#engine/clock.ts';
import type { Logger } from '#engine/log.ts';
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
import type { Dialect, MarketTerms, SentOrder } from './dialect.ts';
import { explainFailure } from './explain-failure.ts';
import { faultOf } from './fault-of.ts';
import { leaveStreams } from './leave-streams.ts';
import { NewsStream } from './news-stream.ts';
import {
  idOf,
  mergeBalances,
  ofMarkets,
  parseAck,
  parseBalances,
  parseFeeRates,
  parseFill,
  parseMarket,
  parseOrder,
  parseQuote,
  ServerTime,
} from './parse-answers.ts';
import { SearchTogether } from './search-together.ts';
import { SharedQuestion } from './shared-question.ts';
import { type Insistence, newPassage, type Passage, type Wire } from './wire.ts';

export interface CcxtVenueParts {
  readonly name: string;
  readonly account: string;
  readonly exchange: Exchange;
  readonly dialect: Dialect;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly log: Logger;
  readonly strike: (text: string) => string;
  readonly patienceMs: number;
  readonly answerMs: number;
}

/**
 * From when an order may have left at the latest until the exchange is to have taken it: at least what Kraken demands, and less in all
 * than an order is asked for before it is given up and another one sent in its place. Milliseconds.
 */
const takenWithinMs = 5_000;

/** An account at an exchange that ccxt speaks to. Every answer is parsed; every failure says whether the thing may have been done. */
export class CcxtVenue implements Venue {
  readonly name: string;
  readonly account: string;
  readonly features: VenueFeatures;
  readonly #exchange: Exchange;
  readonly #dialect: Dialect;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #strike: (text: string) => string;
  readonly #patienceMs: number;
  readonly #answerMs: number;
  readonly #stream: NewsStream;
  /** Of all markets of the account. */
  readonly #trades = new SharedQuestion<unknown[]>();
  readonly #searches: SearchTogether;
  /** What the exchange's clock is ahead of ours. Requests that carry a time carry the exchange's. */
  #offsetMs = 0;
  /** From when on fills of markets were not asked for, because the exchange did not name them. By its clock. */
  readonly #fillsOwed = new Map<string, number>();

  constructor({ name, account, exchange, dialect, wire, clock, log, strike, patienceMs, answerMs }: CcxtVenueParts) {
    this.name = name;
    this.account = account;
    this.features = dialect.features;
    this.#exchange = exchange;
    this.#dialect = dialect;
    this.#wire = wire;
    this.#clock = clock;
    this.#strike = strike;
    this.#patienceMs = patienceMs;
    this.#answerMs = answerMs;
    this.#searches = new SearchTogether({ most: dialect.searchTogether?.most ?? 1, answerMs });
    // What is signed carries the machine's time, corrected: the clock may run faster in a rehearsal, but signatures do not.
    const { milliseconds } = exchange;
    exchange.milliseconds = () => milliseconds() + this.#offsetMs;
    exchange.seconds = () => Math.floor(exchange.milliseconds() / 1000);
    this.#stream = new NewsStream({
      watch: () => dialect.watchOrders(exchange),
      leave: () => leaveStreams(exchange, new Error('the stream was left')),
      clock,
      log,
    });
    exchange.onConnected = () => this.#stream.connected();
  }

  /** Sets the clock and reads the markets. @throws VenueError */
  async begin(): Promise<void> {
    await this.clockOffset();
    await this.#call('Reading the markets', () => this.#exchange.loadMarkets());
  }

  async markets(symbols: readonly string[]): Promise<VenueMarket[]> {
    const terms = await this.#call('Reading the markets', async () => {
      await this.#exchange.loadMarkets(true);
      return this.#readable(symbols);
    });
    const rates = new Map((await this.#feeRates(terms)).map((rate) => [rate.symbol, rate]));
    return terms.map(({ info: _, stopBand: __, ...market }) => {
      const rate = rates.get(market.symbol);
      return { ...market, makerFeeRate: rate?.maker ?? market.makerFeeRate, takerFeeRate: rate?.taker ?? market.takerFeeRate };
    });
  }

  /** What the account really pays; nothing where the key may not ask, and the published rates hold. */
  async #feeRates(terms: readonly MarketTerms[]): Promise<ReturnType<typeof parseFeeRates>[]> {
    try {
      return await this.#call('Asking for the fees', async () =>
        (
          await this.#dialect.fees(
            this.#exchange,
            terms.map(({ symbol }) => symbol),
          )
        ).map(parseFeeRates),
      );
    } catch (error) {
      if (error instanceof VenueError && error.certainty === 'refused' && /permission|other|invalid-order/.test(error.kind))
        return [];
      throw error;
    }
  }

  balances(): Promise<Map<string, Balance>> {
    return this.#call('Asking for the balances', async () => {
      const pages = await this.#dialect.balances(this.#exchange);
      return mergeBalances(pages.map(parseBalances), this.#dialect.assetOf);
    });
  }

  async quotes(symbols: readonly string[]): Promise<Map<string, Quote>> {
    const tickers = await this.#tickers(this.#listed(symbols));
    const quotes = new Map(tickers.map((ticker) => parseQuote(ticker, this.#clock.now())).filter((quote) => quote !== null));
    return new Map([...quotes].filter(([symbol]) => symbols.includes(symbol)));
  }

  /** Where a question about several is refused because of one of them, each is asked about alone: who has none costs the others nothing. */
  async #tickers(symbols: readonly string[]): Promise<unknown[]> {
    if (symbols.length === 0) return [];
    try {
      return await this.#call('Asking for prices', () => this.#dialect.tickers(this.#exchange, symbols));
    } catch (error) {
      if (!(error instanceof VenueError) || !/^(invalid-order|no-such-order)$/.test(error.kind)) throw error;
      if (symbols.length === 1) return [];
    }
    const tickers: unknown[] = [];
    for (const symbol of symbols) tickers.push(...(await this.#tickers([symbol])));
    return tickers;
  }

  async place(request: OrderRequest): Promise<Placed> {
    const terms = this.#terms(request.symbol);
    const fault = terms === undefined ? `there is no market ${request.symbol}` : faultOf(request, terms);
    if (terms === undefined || fault !== null) throw notPlaced(`The order was not sent: ${fault}.`);
    const deadline = this.#clock.now() + this.#offsetMs + this.#patienceMs + takenWithinMs;
    const { type, amount, price, params, expected } = this.#dialect.order(request, terms, deadline);
    const { symbol, side } = request;
    const insistence = {
      once: true,
      sendBefore: this.#clock.now() + this.#patienceMs,
      inspect: (url: string, body: string) => refuseDifference(this.#dialect.sent(url, body), expected),
    };
    try {
      const ack = await this.#call(
        'Placing an order',
        // ccxt's types ask for numbers, its code for either: exact text goes through it unchanged.
        async () => parseAck(await this.#exchange.createOrder(symbol, type, side, amount as never, price as never, params)),
        insistence,
      );
      return { venueOrderId: ack };
    } catch (error) {
      if (error instanceof VenueError) await this.#doubtClock(error);
      throw error;
    }
  }

  /** It may have been refused for the time that it bore: the next one bears a better one, as soon as that can be asked for. */
  async #doubtClock({ kind, certainty }: VenueError): Promise<void> {
    if (certainty === 'refused' && (kind === 'clock' || kind === 'maintenance')) await this.clockOffset().catch(() => undefined);
  }

  async cancel(order: OrderName): Promise<void> {
    // With a market its orders end; the exchange takes no question about them any more.
    if (this.#listed([order.symbol]).length === 0) return;
    await this.#unlessGone(() => this.#call('Cancelling an order', () => this.#dialect.cancel(this.#exchange, order)));
  }

  async find(order: OrderName): Promise<VenueOrder | null> {
    if (this.#listed([order.symbol]).length === 0) {
      const message = `${this.name} names no market ${order.symbol}, so it cannot be asked for its orders.`;
      throw new VenueError('invalid-order', 'not-sent', message, 'Look at the order history of the exchange.');
    }
    const together = await this.#findTogether(order);
    if (together !== null) return together;
    const found = await this.#unlessGone(() =>
      this.#call('Looking for an order', async () =>
        ofMarkets([order.symbol], await this.#dialect.search(this.#exchange, order)).map((raw) => parseOrder(raw, this.#dialect)),
      ),
    );
    const same = (found ?? []).filter(({ venueOrderId, clientOrderId }) =>
      order.venueOrderId === null ? clientOrderId === order.clientOrderId : venueOrderId === order.venueOrderId,
    );
    // An exchange may let a name be used again once its order has ended: the youngest bears it.
    return same.sort((one, other) => other.createdAt - one.createdAt)[0] ?? null;
  }

  /** With others that are looked for; null for one that is to be asked for alone: what an answer for several lacks, or refuses, proves nothing. */
  async #findTogether({ venueOrderId, symbol }: OrderName): Promise<VenueOrder | null> {
    const { searchTogether } = this.#dialect;
    if (searchTogether === null || venueOrderId === null) return null;
    const { answer, passage } = this.#searches.ask(venueOrderId, (passage, close) => {
      const complete = (params: Record<string, unknown>) => searchTogether.complete(params, close());
      return this.#wire.call(passage, { complete }, () => searchTogether.search(this.#exchange, venueOrderId));
    });
    try {
      return await this.#explained('Looking for an order', passage, async () => {
        const raw = ofMarkets([symbol], await answer).find((order) => idOf(order) === venueOrderId);
        return raw === undefined ? null : parseOrder(raw, this.#dialect);
      });
    } catch (error) {
      if (error instanceof VenueError && error.certainty === 'refused' && /no-such|invalid|other/.test(error.kind)) return null;
      throw error;
    }
  }

  openOrders(symbols: readonly string[]): Promise<VenueOrder[]> {
    return this.#call('Asking for open orders', async () => {
      const orders = await this.#dialect.openOrders(this.#exchange, this.#listed(symbols));
      return ofMarkets(symbols, orders).map((raw) => parseOrder(raw, this.#dialect));
    });
  }

  async fills(symbols: readonly string[], since: number): Promise<VenueFill[]> {
    // Fills bear the exchange's time: what happened since then by our clock may be earlier by a clock that is behind.
    const asked = Math.max(0, since + Math.min(0, this.#offsetMs));
    const listed = this.#listed(symbols);
    const from = Math.min(asked, ...listed.map((symbol) => this.#fillsOwed.get(symbol) ?? asked));
    const ask = (passage: Passage) =>
      this.#wire.call(passage, {}, () => this.#dialect.trades(this.#exchange, listed, from, this.#clock.now() + this.#offsetMs));
    const question = this.#dialect.hasTradesOfAll ? this.#trades : new SharedQuestion<unknown[]>();
    const { passage, answer } = question.ask(from, this.#answerMs, ask);
    return this.#explained('Asking for fills', passage, async () => {
      const fills = new Map<string, VenueFill>();
      for (const fill of ofMarkets(symbols, await answer).map(parseFill)) fills.set(`${fill.symbol} ${fill.id}`, fill);
      for (const symbol of symbols) {
        if (listed.includes(symbol)) this.#fillsOwed.delete(symbol);
        else if (!this.#fillsOwed.has(symbol)) this.#fillsOwed.set(symbol, asked);
      }
      return [...fills.values()].filter(({ time }) => time >= from).sort((one, other) => one.time - other.time);
    });
  }

  async clockOffset(): Promise<{ offset: number; uncertainty: number }> {
    const passage = newPassage(this.#answerMs);
    const told = await this.#call(
      'Asking for the time',
      async () => ServerTime.parse(await this.#dialect.serverTime(this.#exchange)),
      {},
      passage,
    );
    const answered = this.#clock.now();
    // From when it left, not from when it was asked for: it may have waited for its turn.
    const asked = passage.sentAt;
    // Whole units of time are told by their beginning.
    const halfUnit = this.#dialect.clockResolutionMs / 2;
    const offset = told + halfUnit - (asked + answered) / 2;
    const uncertainty = (answered - asked) / 2 + halfUnit;
    // What lies within the uncertainty is no reason to correct a clock that may be right.
    this.#offsetMs = Math.abs(offset) > uncertainty ? Math.round(offset) : 0;
    return { offset: Math.round(offset), uncertainty: Math.ceil(uncertainty) };
  }

  async armDeadManSwitch(ms: number): Promise<void> {
    await this.#call('Setting the dead-man switch', () => this.#dialect.armDeadManSwitch(this.#exchange, ms));
  }

  /** Not known where the exchange has no such question or does not let this key ask it. */
  async rights(): Promise<KeyRights> {
    try {
      return await this.#call('Asking what the key may do', () => this.#dialect.rights(this.#exchange));
    } catch (error) {
      // An answer, if one that says nothing of rights.
      if (
        error instanceof VenueError &&
        error.details.status !== undefined &&
        /permission|other|invalid-order|no-such/.test(error.kind)
      ) {
        return { canTrade: null, canWithdraw: null };
      }
      throw error;
    }
  }

  onNews(listener: (news: VenueNews) => void): () => void {
    return this.#stream.add(listener);
  }

  async close(): Promise<void> {
    this.#stream.close();
  }

  /** Those that the exchange named when its markets were read last. A question about any other would be refused with all the rest of it. */
  #listed(symbols: readonly string[]): string[] {
    return symbols.filter((symbol) => this.#exchange.markets?.[symbol] !== undefined);
  }

  /** One market that is described in no form that is known is none; when none is, that is no answer. */
  #readable(symbols: readonly string[]): MarketTerms[] {
    const terms: MarketTerms[] = [];
    const faults: unknown[] = [];
    for (const symbol of this.#listed(symbols)) {
      try {
        terms.push(this.#terms(symbol)!);
      } catch (error) {
        faults.push(error);
      }
    }
    if (terms.length === 0 && faults.length > 0) throw faults[0];
    return terms;
  }

  #terms(symbol: string): MarketTerms | undefined {
    const raw = this.#exchange.markets?.[symbol];
    return raw === undefined ? undefined : this.#dialect.terms(parseMarket(raw), this.#exchange);
  }

  #call<T>(
    action: string,
    work: () => Promise<T>,
    insistence: Insistence = {},
    passage = newPassage(this.#answerMs),
  ): Promise<T> {
    return this.#explained(action, passage, () => this.#wire.call(passage, insistence, work));
  }

  async #explained<T>(action: string, passage: Passage, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainFailure(error, passage, this.#dialect, `${action} on ${this.name}`, this.#strike);
    }
  }

  /** That there is no such order is an answer. */
  async #unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof VenueError && error.kind === 'no-such-order') return null;
      throw error;
    }
  }
}

function notPlaced(message: string): VenueError {
  return new VenueError('invalid-order', 'not-sent', message, "Compare the order with the market's rules.");
}

/** ccxt truncates, rounds, renames and drops on its way: what leaves is what was asked for, or nothing leaves. */
function refuseDifference(sent: SentOrder, expected: SentOrder): void {
  if (sent.clientOrderId !== expected.clientOrderId)
    throw notPlaced('The order was not sent: it would have gone without its name.');
  for (const field of ['quantity', 'limitPrice', 'stopPrice'] as const) {
    const [is, shall] = [sent[field], expected[field]];
    const isSame = is === null || shall === null ? is === shall : new Big(is).eq(shall);
    if (!isSame) throw notPlaced(`The order was not sent: its ${field} would have been ${is} instead of ${shall}.`);
  }
}
