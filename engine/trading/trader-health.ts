import type { TradingHalt } from '#engine/risk/trading-halt.ts';
import type { FreezeRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { AccountWatch } from './account-watch.ts';
import type { DeadManState } from './dead-man-switch.ts';
import type { Portfolio } from './portfolio.ts';
import type { TraderParts } from './trader-parts.ts';

/** How the trader stands, as of now. */
export interface TraderHealth {
  /** Whether the first look at the account is done, and orders may be sent. */
  readonly isReady: boolean;
  /** The journal could not be written: nothing more is sent until a restart. */
  readonly isBroken: boolean;
  readonly halt: TradingHalt;
  /** Orders of which it is not known what became. */
  readonly unknown: readonly {
    readonly clientOrderId: string;
    readonly symbol: string;
    readonly role: string;
    readonly sentAt: number;
  }[];
  readonly frozen: readonly FreezeRow[];
  /** What is held without a stop that rests at the venue. */
  readonly unprotected: readonly { readonly strategy: string; readonly symbol: string; readonly quantity: string }[];
  /** What is held that the venue has no price of now, and the last one known, which it counts with; null where none is. */
  readonly unpriced: readonly {
    readonly strategy: string;
    readonly symbol: string;
    readonly quantity: string;
    readonly price: number | null;
  }[];
  readonly openOrders: number;
  /** Of all strategies, also of those that no longer trade. */
  readonly openPositions: number;
  readonly reconciledAt: number | null;
  /** The last time that the venue answered a look at the account, and why not since. */
  readonly lookedAt: number | null;
  readonly failure: string | null;
  readonly deadMan: DeadManState;
  /** What its strategies may have of the account together, and what the account itself has, quote asset; null before the first look. */
  readonly money: { readonly shares: number; readonly own: number | null };
  /** The venue's clock less ours; null before it was measured. */
  readonly clockOffset: { readonly offsetMs: number; readonly uncertaintyMs: number } | null;
}

/** What only the trader itself knows of how it stands. */
interface TraderState extends Pick<TraderHealth, 'isReady' | 'isBroken' | 'deadMan'> {
  readonly portfolio: Pick<Portfolio, 'money' | 'unpriced'>;
  readonly watch: Pick<AccountWatch, 'clockFacts' | 'reconciledAt' | 'lookedAt' | 'failure'>;
}

export function healthOf(parts: TraderParts, { isReady, isBroken, watch, deadMan, portfolio }: TraderState): TraderHealth {
  const { ledger, freezes, risk, markets } = parts;
  // One that the venue no longer knows, or says what cannot be of, protects nothing.
  const protects = (row: OrderRow) =>
    row.role === 'protection' && (row.state === 'open' || row.state === 'partial') && !freezes.doubts(row);
  const live = [...ledger.live()].map(({ order }) => order.row);
  const naked = [...ledger.lanes].filter(({ position, orders, symbol }) => {
    if (!position.isOpen || !markets.has(symbol)) return false;
    return ![...orders.values()].some(({ row }) => protects(row));
  });
  const { offsetMs, uncertaintyMs } = watch.clockFacts;
  return {
    isReady,
    isBroken,
    halt: risk.halt,
    unknown: live
      .filter(({ state }) => state === 'pending' || state === 'unknown')
      .map(({ clientOrderId, symbol, role, createdAt }) => ({ clientOrderId, symbol, role, sentAt: createdAt })),
    frozen: freezes.open,
    unprotected: naked.map(({ strategy, symbol, position }) => ({ strategy, symbol, quantity: position.quantity.toFixed() })),
    unpriced: portfolio.unpriced().map(({ lane: { strategy, symbol, position }, price }) => {
      return { strategy, symbol, quantity: position.quantity.toFixed(), price };
    }),
    openOrders: live.length,
    openPositions: [...ledger.lanes].filter(({ position }) => position.isOpen).length,
    reconciledAt: watch.reconciledAt,
    lookedAt: watch.lookedAt,
    failure: watch.failure,
    deadMan,
    money: portfolio.money,
    clockOffset: Number.isNaN(offsetMs) ? null : { offsetMs, uncertaintyMs },
  };
}
