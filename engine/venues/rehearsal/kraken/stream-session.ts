import type { Big } from 'big.js';
import { z } from 'zod';
import type { ApiKey, House, Outlet, StreamSession } from '#engine/venues/rehearsal/dialect.ts';
import type { ExchangeEvent } from '#engine/venues/rehearsal/exchange-types.ts';
import type { PathBar } from '#engine/venues/rehearsal/price-path.ts';
import { countOf, intervals, typicalPrice } from './public-answers.ts';
import { executionRow } from './rows.ts';

const Request = z.object({
  method: z.string(),
  req_id: z.number().optional(),
  params: z
    .object({
      channel: z.string().optional(),
      symbol: z.array(z.string()).optional(),
      interval: z.number().optional(),
      snapshot: z.boolean().optional(),
      snap_orders: z.boolean().optional(),
      snap_trades: z.boolean().optional(),
      token: z.string().optional(),
    })
    .optional(),
});
type Request = z.infer<typeof Request>;

const minuteMs = 60_000;
/** Fills in the snapshot of `executions`. */
const snapshotTrades = 50;
/** Candles in the snapshot of `ohlc`. */
const snapshotCandles = 10;

interface CandleFeed {
  readonly symbol: string;
  readonly minutes: number;
  /** Open time of the bar last told. */
  told: number;
}

/** One client of the second websocket version. */
export class KrakenSession implements StreamSession {
  readonly #house: House;
  readonly #stream: Outlet;
  readonly #keyOf: (token: string) => ApiKey | null;
  readonly #tickers = new Set<string>();
  readonly #candles = new Map<string, CandleFeed>();
  #account: string | null = null;
  #balancesOf: string | null = null;
  #sequence = 0;
  readonly #leave: () => void;

  constructor(house: House, stream: Outlet, keyOf: (token: string) => ApiKey | null) {
    this.#house = house;
    this.#stream = stream;
    this.#keyOf = keyOf;
    this.#leave = house.exchange.on((event) => this.#tell(event));
    const status = {
      version: '2.0.10',
      system: house.isInMaintenance() ? 'maintenance' : 'online',
      api_version: 'v2',
      connection_id: 1,
    };
    stream.send(null, { channel: 'status', type: 'update', data: [status] });
  }

  receive(message: unknown): void {
    const { success, data: request } = Request.safeParse(message);
    if (!success) this.#refuse('Malformed request', undefined);
    else if (request.method === 'ping') this.#reply({ method: 'pong' }, request.req_id);
    else if (request.method === 'subscribe') this.#subscribe(request);
    else if (request.method === 'unsubscribe') this.#unsubscribe(request);
    else this.#refuse(`Unsupported method: '${request.method}'`, request.req_id);
  }

  pulse(): void {
    this.#stream.send(null, { channel: 'heartbeat' });
    for (const symbol of this.#tickers) this.#sendTicker(symbol, 'update');
    for (const feed of this.#candles.values()) this.#sendCandles(feed);
  }

  close(): void {
    this.#leave();
  }

  #subscribe({ params = {}, req_id: id }: Request): void {
    const { channel = '', symbol: symbols = [] } = params;
    if (channel === 'executions' || channel === 'balances') {
      this.#subscribePrivately(channel, params, id);
      return;
    }
    if (channel !== 'ticker' && channel !== 'ohlc') {
      this.#refuse(`Subscription name invalid: ${channel}`, id);
      return;
    }
    for (const symbol of symbols) {
      if (!this.#house.exchange.markets().some((market) => market.symbol === symbol)) {
        this.#refuse(`Currency pair not supported ${symbol}`, id);
        continue;
      }
      if (channel === 'ticker') {
        this.#reply(
          { method: 'subscribe', success: true, result: { channel, symbol, snapshot: true, event_trigger: 'trades' } },
          id,
        );
        this.#tickers.add(symbol);
        this.#sendTicker(symbol, 'snapshot');
      } else {
        const minutes = params.interval ?? 1;
        if (!intervals.includes(minutes)) {
          this.#refuse('Subscription ohlc interval not supported', id);
          continue;
        }
        this.#reply({ method: 'subscribe', success: true, result: { channel, symbol, interval: minutes, snapshot: true } }, id);
        this.#openCandles(symbol, minutes, params.snapshot !== false);
      }
    }
  }

  #subscribePrivately(channel: string, params: NonNullable<Request['params']>, id: number | undefined): void {
    const key = this.#keyOf(params.token ?? '');
    if (key === null) {
      this.#refuse('ESession:Invalid session', id);
      return;
    }
    this.#reply({ method: 'subscribe', success: true, result: { channel, snapshot: true, maxratecount: 125 } }, id);
    if (channel === 'balances') {
      this.#balancesOf = key.account;
      this.#sendBalances('snapshot');
      return;
    }
    if (this.#account !== null) return;
    this.#account = key.account;
    const open = this.#house.exchange.openOrders(key.account);
    if (params.snap_orders !== false) {
      this.#sendExecutions(
        'snapshot',
        open.map((order) => executionRow(order, 'new', null, order.createdAt)),
      );
    }
    if (params.snap_trades !== true) return;
    const fills = this.#house.exchange.fills(key.account).slice(-snapshotTrades);
    const rows = fills.map((fill) =>
      executionRow(this.#house.exchange.order(key.account, fill.orderNumber)!, 'trade', fill, fill.time),
    );
    this.#sendExecutions('snapshot', rows);
  }

  #unsubscribe({ params = {}, req_id: id }: Request): void {
    const { channel, symbol: symbols = [] } = params;
    for (const symbol of symbols) {
      if (channel === 'ticker') this.#tickers.delete(symbol);
      if (channel === 'ohlc') this.#candles.delete(`${symbol} ${params.interval ?? 1}`);
    }
    if (channel === 'executions') this.#account = null;
    if (channel === 'balances') this.#balancesOf = null;
    this.#reply({ method: 'unsubscribe', success: true, result: { channel } }, id);
  }

  #tell(event: ExchangeEvent): void {
    const { order } = event;
    if (order.account === this.#account) {
      const time = event.kind === 'fill' ? event.fill.time : (order.endedAt ?? order.triggeredAt ?? order.createdAt);
      for (const execution of executionsOf(event)) {
        this.#sendExecutions('update', [executionRow(order, execution, event.kind === 'fill' ? event.fill : null, time)]);
      }
    }
    if (order.account === this.#balancesOf && event.kind === 'fill') this.#sendBalances('update');
  }

  #sendExecutions(type: 'snapshot' | 'update', data: readonly unknown[]): void {
    this.#sequence += 1;
    this.#stream.send('executions', { channel: 'executions', type, data, sequence: this.#sequence });
  }

  #sendBalances(type: 'snapshot' | 'update'): void {
    const row = ([asset, { total }]: [string, { total: Big }]) => ({
      asset,
      asset_class: 'currency',
      balance: Number(total),
      wallets: [{ type: 'spot', id: 'main', balance: Number(total) }],
    });
    const data = [...this.#house.exchange.balances(this.#balancesOf!)].map(row);
    this.#sequence += 1;
    this.#stream.send('balances', { channel: 'balances', type, data, sequence: this.#sequence });
  }

  #sendTicker(symbol: string, type: 'snapshot' | 'update'): void {
    const { bid, ask, last } = this.#house.exchange.quote(symbol);
    const { bids, asks } = this.#house.exchange.depth(symbol);
    const day = this.#house.figures.day(symbol);
    const change = Number(last) - day.open;
    const row = {
      symbol,
      bid: Number(bid),
      bid_qty: Number(bids[0]!.quantity),
      ask: Number(ask),
      ask_qty: Number(asks[0]!.quantity),
      last: Number(last),
      volume: day.volume,
      vwap: typicalPrice(day),
      low: day.low,
      high: day.high,
      change,
      change_pct: Number(((100 * change) / day.open).toFixed(2)),
    };
    this.#stream.send('ticker', { channel: 'ticker', type, data: [row] });
  }

  #openCandles(symbol: string, minutes: number, wantsSnapshot: boolean): void {
    const bars = this.#house.figures.bars(symbol, minutes * minuteMs, 0, snapshotCandles);
    const feed = { symbol, minutes, told: bars.at(-1)?.time ?? 0 };
    this.#candles.set(`${symbol} ${minutes}`, feed);
    if (wantsSnapshot) this.#send('snapshot', feed, bars);
  }

  /** The bar that forms; when it is a new one, first what became of those before, once more and for the last time. */
  #sendCandles(feed: CandleFeed): void {
    const bars = this.#house.figures.bars(feed.symbol, feed.minutes * minuteMs, feed.told, 1_000);
    for (const bar of bars) this.#send('update', feed, [bar]);
    feed.told = bars.at(-1)?.time ?? feed.told;
  }

  #send(type: 'snapshot' | 'update', { symbol, minutes }: CandleFeed, bars: readonly PathBar[]): void {
    const data = bars.map((bar) => ({
      symbol,
      open: bar.open,
      high: bar.high,
      low: bar.low,
      close: bar.close,
      trades: countOf(bar),
      volume: bar.volume,
      vwap: typicalPrice(bar),
      interval_begin: new Date(bar.time).toISOString(),
      interval: minutes,
      timestamp: new Date(bar.time + minutes * minuteMs).toISOString(),
    }));
    this.#stream.send('ohlc', { channel: 'ohlc', type, timestamp: new Date(this.#house.now()).toISOString(), data });
  }

  #reply(message: Record<string, unknown>, id: number | undefined): void {
    const time = new Date(this.#house.now()).toISOString();
    this.#stream.send(null, { ...message, ...(id === undefined ? {} : { req_id: id }), time_in: time, time_out: time });
  }

  #refuse(error: string, id: number | undefined): void {
    this.#reply({ method: 'subscribe', success: false, error }, id);
  }
}

function executionsOf(event: ExchangeEvent): string[] {
  if (event.kind === 'fill') return ['trade'];
  if (event.change === 'accepted') return ['pending_new', 'new'];
  if (event.change === 'triggered') return ['status'];
  return [event.order.state === 'filled' ? 'filled' : 'canceled'];
}
