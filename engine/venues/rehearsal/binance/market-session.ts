import { z } from 'zod';
import type { House, Outlet, StreamSession } from '#engine/venues/rehearsal/dialect.ts';
import type { ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import type { PathBar } from '#engine/venues/rehearsal/price-path.ts';
import { bookTicker, intervalMs } from './public-answers.ts';
import { amount, marketId, turnover } from './rows.ts';

const Request = z.object({
  method: z.enum(['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS']),
  params: z.array(z.string()).optional(),
  id: z.union([z.number(), z.string(), z.null()]).optional(),
});

interface Feed {
  readonly market: ListedMarket;
  /** `kline`, `24hrTicker`, `24hrMiniTicker`, `bookTicker` */
  readonly event: string;
  /** Of klines. */
  readonly interval: string;
  /** Open time of the bar last told. */
  told: number;
}

/** One client of the market streams. */
export class BinanceMarketSession implements StreamSession {
  readonly #house: House;
  readonly #stream: Outlet;
  readonly #feeds = new Map<string, Feed>();

  constructor(house: House, stream: Outlet) {
    this.#house = house;
    this.#stream = stream;
  }

  receive(message: unknown): void {
    const { success, data: request } = Request.safeParse(message);
    if (!success) {
      this.#stream.send(null, { error: { code: 2, msg: 'Invalid request' }, id: null });
      return;
    }
    const { method, params = [], id = null } = request;
    if (method === 'LIST_SUBSCRIPTIONS') {
      this.#stream.send(null, { result: [...this.#feeds.keys()], id });
      return;
    }
    const feeds = params.map((name) => [name, this.#feedOf(name)] as const);
    if (feeds.some(([, feed]) => feed === null)) {
      this.#stream.send(null, { error: { code: 2, msg: 'Invalid request: invalid stream' }, id });
      return;
    }
    this.#stream.send(null, { result: null, id });
    for (const [name, feed] of feeds) {
      if (method === 'UNSUBSCRIBE') this.#feeds.delete(name);
      else if (!this.#feeds.has(name)) {
        this.#feeds.set(name, feed!);
        this.#tell(feed!);
      }
    }
  }

  pulse(): void {
    for (const feed of this.#feeds.values()) this.#tell(feed);
  }

  close(): void {
    this.#feeds.clear();
  }

  #feedOf(name: string): Feed | null {
    const [id = '', channel = ''] = name.split('@');
    const market = this.#house.exchange.markets().find((each) => marketId(each).toLowerCase() === id);
    if (market === undefined) return null;
    const [kind = '', interval = ''] = channel.split('_');
    const event = { kline: 'kline', ticker: '24hrTicker', miniTicker: '24hrMiniTicker', bookTicker: 'bookTicker' }[kind];
    if (event === undefined || (event === 'kline' && intervalMs[interval] === undefined)) return null;
    return { market, event, interval, told: 0 };
  }

  #tell(feed: Feed): void {
    if (feed.event === 'kline') this.#tellKlines(feed);
    else if (feed.event === 'bookTicker') this.#stream.send('bookTicker', this.#bookTicker(feed.market));
    else this.#stream.send(feed.event, this.#ticker(feed.event, feed.market));
  }

  /** The bar that forms; when it is a new one, first those before it, closed. */
  #tellKlines(feed: Feed): void {
    const barMs = intervalMs[feed.interval]!;
    const bars = this.#house.figures.bars(feed.market.symbol, barMs, feed.told, feed.told === 0 ? 1 : 1_000);
    for (const bar of bars) this.#stream.send('kline', this.#kline(feed, bar, barMs));
    feed.told = bars.at(-1)?.time ?? feed.told;
  }

  #kline({ market, interval }: Feed, bar: PathBar, barMs: number): unknown {
    const now = this.#house.exchange.now();
    const quote = turnover(bar);
    return {
      e: 'kline',
      E: this.#house.now(),
      s: marketId(market),
      k: {
        t: bar.time,
        T: bar.time + barMs - 1,
        s: marketId(market),
        i: interval,
        f: 1,
        L: 1,
        o: bar.open.toFixed(8),
        c: bar.close.toFixed(8),
        h: bar.high.toFixed(8),
        l: bar.low.toFixed(8),
        v: bar.volume.toFixed(8),
        n: 1,
        x: bar.time + barMs <= now,
        q: quote.toFixed(8),
        V: (bar.volume / 2).toFixed(8),
        Q: (quote / 2).toFixed(8),
        B: '0',
      },
    };
  }

  #bookTicker(market: ListedMarket): unknown {
    const { symbol: s, bidPrice: b, bidQty: B, askPrice: a, askQty: A } = bookTicker(this.#house, market);
    return { u: this.#house.now(), s, b, B, a, A };
  }

  #ticker(event: string, market: ListedMarket): unknown {
    const day = this.#house.figures.day(market.symbol);
    const { bid, ask, last } = this.#house.exchange.quote(market.symbol);
    const change = Number(last) - day.open;
    const short = {
      e: event,
      E: this.#house.now(),
      s: marketId(market),
      c: amount(last),
      o: day.open.toFixed(8),
      h: day.high.toFixed(8),
      l: day.low.toFixed(8),
      v: day.volume.toFixed(8),
      q: turnover(day).toFixed(8),
    };
    if (event === '24hrMiniTicker') return short;
    return {
      ...short,
      p: change.toFixed(8),
      P: ((100 * change) / day.open).toFixed(3),
      w: (day.volume > 0 ? turnover(day) / day.volume : day.close).toFixed(8),
      x: day.open.toFixed(8),
      Q: '0.00100000',
      b: amount(bid),
      B: '1.00000000',
      a: amount(ask),
      A: '1.00000000',
      O: this.#house.now() - 86_400_000,
      C: this.#house.now(),
      F: 1,
      L: 1,
      n: 1,
    };
  }
}
