import { Big } from 'big.js';
import type { ApiKey, House } from '#engine/venues/rehearsal/dialect.ts';
import type { ExchangeFill, ExchangeOrder, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import { assetId, idOf, numberOf, pairOf } from './names.ts';
import { marketOf } from './public-answers.ts';
import { KrakenRefusal } from './refusal.ts';
import { exact, orderRow, tradeRow } from './rows.ts';

export type PrivateAnswer = (house: House, key: ApiKey, params: URLSearchParams) => unknown;

/** Rows a page of history. */
const pageRows = 50;

/** What the owner of a key may ask about the account, by the last part of `/0/private/…`. */
export const accountAnswers: Readonly<Record<string, PrivateAnswer>> = {
  Balance: (house, key) => ofBalances(house, key, ({ total }) => exact(total, 10)),

  BalanceEx: (house, key) =>
    ofBalances(house, key, ({ total, free }) => ({ balance: exact(total, 10), hold_trade: exact(total.minus(free), 10) })),

  TradeBalance(house, key) {
    const worth = exact(worthOf(house, key), 4);
    return { eb: worth, tb: worth, m: '0.0000', n: '0.0000', c: '0.0000', v: '0.0000', e: worth, mf: worth };
  },

  TradeVolume(house, _key, params) {
    const market = marketOf(house, params);
    const tier = (rate: number) => ({
      fee: (rate * 100).toFixed(4),
      minfee: '0.0000',
      maxfee: (rate * 100).toFixed(4),
      nextfee: (rate * 100).toFixed(4),
      nextvolume: '50000.0000',
      tiervolume: '0.0000',
    });
    const { id } = pairOf(market);
    return {
      currency: 'ZUSD',
      volume: '0.0000',
      fees: { [id]: tier(market.takerFeeRate) },
      fees_maker: { [id]: tier(market.makerFeeRate) },
    };
  },

  OpenPositions: () => ({}),

  OpenOrders(house, key, params) {
    const orders = house.exchange.openOrders(key.account).filter(hasClientId(params));
    return { open: Object.fromEntries(orders.map((order) => orderEntry(house, order, params))) };
  },

  ClosedOrders(house, key, params) {
    const orders = house.exchange
      .orders(key.account)
      .filter((order) => order.state !== 'open')
      .filter(hasClientId(params))
      .filter(within(params, (order) => order.endedAt!));
    orders.sort((one, other) => other.endedAt! - one.endedAt! || other.number - one.number);
    return {
      closed: Object.fromEntries(page(orders, params).map((order) => orderEntry(house, order, params))),
      count: orders.length,
    };
  },

  QueryOrders(house, key, params) {
    const orders = (params.get('txid') ?? '').split(',').map((id) => {
      const number = numberOf('O', id);
      return number === null ? null : house.exchange.order(key.account, number);
    });
    const found = orders.filter((order) => order !== null);
    if (found.length === 0) throw new KrakenRefusal('EOrder:Unknown order');
    return Object.fromEntries(found.map((order) => orderEntry(house, order, params)));
  },

  TradesHistory(house, key, params) {
    const fills = house.exchange
      .fills(key.account)
      .filter(within(params, (fill) => fill.time))
      .reverse();
    return { trades: Object.fromEntries(page(fills, params).map((fill) => tradeEntry(house, fill))), count: fills.length };
  },

  QueryTrades(house, key, params) {
    const ids = (params.get('txid') ?? '').split(',');
    const fills = house.exchange.fills(key.account).filter((fill) => ids.includes(idOf('T', fill.number)));
    return Object.fromEntries(fills.map((fill) => tradeEntry(house, fill)));
  },

  GetApiKeyInfo(house, key, params) {
    const permissions = ['query-funds', 'query-open-trades', 'query-closed-trades'];
    if (key.canTrade) permissions.push('modify-trades', 'close-trades');
    if (key.canWithdraw) permissions.push('withdraw-funds');
    const now = String(Math.floor(house.now() / 1000));
    return {
      apiKeyName: 'rehearsal',
      apiKey: key.key,
      nonce: params.get('nonce'),
      nonceWindow: 0,
      permissions,
      iban: 'AA00 N00G 0000 0000',
      validUntil: '0',
      queryFrom: '0',
      queryTo: '0',
      createdTime: now,
      modifiedTime: now,
      ipAllowlist: [],
      lastUsed: now,
    };
  },
};

function ofBalances(house: House, key: ApiKey, row: (balance: { free: Big; total: Big }) => unknown): unknown {
  return Object.fromEntries([...house.exchange.balances(key.account)].map(([asset, balance]) => [assetId(asset), row(balance)]));
}

/** In the quote asset of the first market; what has no market in it counts nothing. */
function worthOf(house: House, key: ApiKey): Big {
  const markets = house.exchange.markets();
  const quote = markets[0]?.quote;
  let worth = new Big(0);
  for (const [asset, { total }] of house.exchange.balances(key.account)) {
    const market = markets.find((each) => each.base === asset && each.quote === quote);
    if (asset === quote) worth = worth.plus(total);
    else if (market !== undefined) worth = worth.plus(total.times(house.exchange.quote(market.symbol).last));
  }
  return worth;
}

function hasClientId(params: URLSearchParams): (order: ExchangeOrder) => boolean {
  const wanted = params.get('cl_ord_id');
  return (order) => wanted === null || order.clientOrderId === wanted;
}

/** `start` (exclusive) and `end` (inclusive) in seconds, as Kraken has them. */
function within<T>(params: URLSearchParams, time: (row: T) => number): (row: T) => boolean {
  const start = params.has('start') ? Number(params.get('start')) * 1000 : Number.NEGATIVE_INFINITY;
  const end = params.has('end') ? Number(params.get('end')) * 1000 : Number.POSITIVE_INFINITY;
  return (row) => time(row) > start && time(row) <= end;
}

function page<T>(rows: readonly T[], params: URLSearchParams): T[] {
  const offset = Number(params.get('ofs') ?? '0');
  return rows.slice(offset, offset + pageRows);
}

function orderEntry(house: House, order: ExchangeOrder, params: URLSearchParams): [string, unknown] {
  const withTrades = params.get('trades')?.toLowerCase() === 'true';
  return [idOf('O', order.number), orderRow(order, listed(house, order.symbol), withTrades)];
}

function tradeEntry(house: House, fill: ExchangeFill): [string, unknown] {
  const order = house.exchange.order(fill.account, fill.orderNumber)!;
  return [idOf('T', fill.number), tradeRow(fill, order, listed(house, fill.symbol))];
}

function listed(house: House, symbol: string): ListedMarket {
  return house.exchange.markets().find((market) => market.symbol === symbol)!;
}
