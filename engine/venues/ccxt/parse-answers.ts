import { Big } from 'big.js';
import { z } from 'zod';
import type { Balance, Fee, Quote, VenueFill, VenueOrder, VenueOrderState } from '../venue.ts';
import type { Dialect, MarketTerms } from './dialect.ts';

/** An exact decimal: ccxt is told to keep the exchange's own digits as text. A number appears only where ccxt itself wrote one. */
export const Decimal = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return new Big(value);
  } catch {
    context.addIssue(`not a decimal: ${value}`);
    return z.NEVER;
  }
});

const Listed = z.object({ symbol: z.string() });

/** What belongs to these markets. The rest is not looked at: an entry of a market that is none of ours may have any form. */
export function ofMarkets(symbols: readonly string[], entries: readonly unknown[]): unknown[] {
  return entries.filter((entry) => symbols.includes(Listed.parse(entry).symbol));
}

/** The exchange's id of an order in ccxt's form. */
export function idOf(order: unknown): string {
  return Identified.parse(order).id;
}

const Identified = z.object({ id: z.string() });
const Order = z.object({
  id: z.string().min(1),
  clientOrderId: z
    .string()
    .nullish()
    .transform((id) => id ?? null),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  status: z
    .string()
    .nullish()
    .transform((status) => status ?? null),
  amount: Decimal.nullish(),
  filled: Decimal.nullish(),
  timestamp: z.number().nullish(),
  info: z.unknown(),
});

const states: Readonly<Record<string, VenueOrderState>> = {
  open: 'open',
  canceling: 'open',
  closed: 'filled',
  canceled: 'cancelled',
  rejected: 'rejected',
  expired: 'expired',
};

/** @throws ZodError, or Error for a state nobody knows: guessing one would lose or invent an order */
export function parseOrder(raw: unknown, dialect: Pick<Dialect, 'state' | 'clientOrderId'>): VenueOrder {
  const order = Order.parse(raw);
  const word = dialect.state(order);
  const state = word === null ? undefined : states[word];
  if (state === undefined) throw new Error(`order state "${word}"`);
  const filled = order.filled ?? new Big(0);
  const quantity = order.amount ?? filled;
  return {
    venueOrderId: order.id,
    clientOrderId: dialect.clientOrderId(order),
    symbol: order.symbol,
    side: order.side,
    // What is over without being full was cancelled, whatever it is called.
    state: state === 'filled' && filled.lt(quantity) ? 'cancelled' : state,
    quantity,
    filled,
    createdAt: order.timestamp ?? 0,
  };
}

const RawFee = z.object({ currency: z.string().nullish(), cost: Decimal.nullish() });
const Trade = z.object({
  id: z.string().min(1),
  order: z.string().min(1),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  amount: Decimal,
  price: Decimal,
  timestamp: z.number(),
  takerOrMaker: z.string().nullish(),
  fee: RawFee.nullish(),
  fees: z.array(RawFee).nullish(),
});

export function parseFill(raw: unknown): VenueFill {
  const { id, order, symbol, side, amount, price, timestamp, takerOrMaker, fee, fees } = Trade.parse(raw);
  return {
    id,
    venueOrderId: order,
    symbol,
    side,
    quantity: amount,
    price,
    fees: chargedFees(fees && fees.length > 0 ? fees : fee ? [fee] : []),
    isMaker: takerOrMaker === 'maker',
    time: timestamp,
  };
}

function chargedFees(fees: readonly z.infer<typeof RawFee>[]): Fee[] {
  return fees.flatMap(({ currency, cost }) => {
    if (cost === null || cost === undefined || cost.eq(0)) return [];
    if (!currency) throw new Error('a fee without its currency');
    return [{ asset: currency, amount: cost }];
  });
}

const Ack = z.object({ id: z.string().min(1) });

export function parseAck(raw: unknown): string {
  return Ack.parse(raw).id;
}

const Amounts = z.record(z.string(), Decimal.nullish());
const Balances = z.object({ free: Amounts, total: Amounts });

/** What is held at all; an asset of which nothing is held is left out. */
export function parseBalances(raw: unknown): Map<string, Balance> {
  const { free, total } = Balances.parse(raw);
  const balances = new Map<string, Balance>();
  for (const [asset, amount] of Object.entries(total)) {
    if (amount === null || amount === undefined) throw new Error(`a balance of ${asset} without its total`);
    if (!amount.eq(0)) balances.set(asset, { total: amount, free: free[asset] ?? new Big(0) });
  }
  return balances;
}

/** Balances of pages that hold different assets, and of assets that are the same under another name. */
export function mergeBalances(
  pages: readonly ReadonlyMap<string, Balance>[],
  assetOf: (asset: string) => string,
): Map<string, Balance> {
  const merged = new Map<string, Balance>();
  for (const [asset, { free, total }] of pages.flatMap((page) => [...page])) {
    const name = assetOf(asset);
    const before = merged.get(name);
    merged.set(name, before === undefined ? { free, total } : { free: before.free.plus(free), total: before.total.plus(total) });
  }
  return merged;
}

const Price = Decimal.refine((price) => price.gt(0));
const Ticker = z.object({ symbol: z.string(), bid: Price, ask: Price, last: Price, timestamp: z.number().nullish() });

/**
 * @param now stands in where the exchange does not say when its prices were made
 * @returns null for a market in which nobody bids or offers, as one that is halted: it has no price, and the others have theirs
 */
export function parseQuote(raw: unknown, now: number): readonly [symbol: string, quote: Quote] | null {
  const ticker = Ticker.safeParse(raw);
  if (!ticker.success) return null;
  const { symbol, bid, ask, last, timestamp } = ticker.data;
  return [symbol, { bid, ask, last, time: timestamp ?? now }];
}

const Market = z.object({
  symbol: z.string(),
  base: z.string(),
  quote: z.string(),
  active: z.boolean().nullish(),
  spot: z.literal(true),
  precision: z.object({ amount: Decimal, price: Decimal }),
  limits: z.object({
    amount: z.object({ min: Decimal.nullish(), max: Decimal.nullish() }),
    cost: z.object({ min: Decimal.nullish() }),
  }),
  maker: Decimal,
  taker: Decimal,
  info: z.unknown(),
});

export function parseMarket(raw: unknown): MarketTerms {
  const { symbol, base, quote, active, precision, limits, maker, taker, info } = Market.parse(raw);
  return {
    symbol,
    base,
    quote,
    isActive: active === true,
    tickSize: precision.price,
    stepSize: precision.amount,
    minQuantity: limits.amount.min ?? new Big(0),
    minNotional: limits.cost.min ?? new Big(0),
    maxQuantity: limits.amount.max ?? null,
    makerFeeRate: maker.toNumber(),
    takerFeeRate: taker.toNumber(),
    stopBand: null,
    info,
  };
}

const FeeRates = z.object({ symbol: z.string(), maker: Decimal, taker: Decimal });

export function parseFeeRates(raw: unknown): { readonly symbol: string; readonly maker: number; readonly taker: number } {
  const { symbol, maker, taker } = FeeRates.parse(raw);
  return { symbol, maker: maker.toNumber(), taker: taker.toNumber() };
}

export const ServerTime = z.number().positive();
