import type { Evidence } from './evidence.ts';

export interface Worth {
  /** Cash and holdings of all strategies that trade, quote asset. */
  readonly equity: number;
  /** Held, and what waiting purchases would add. */
  readonly bySymbol: ReadonlyMap<string, number>;
  readonly byStrategy: ReadonlyMap<string, number>;
  readonly gross: number;
}

/** What is at stake, from the journal's orders and fills at the exchange's last prices. */
export function worthOf({ journal, memory, prices }: Pick<Evidence, 'journal' | 'memory' | 'prices'>): Worth {
  const bySymbol = new Map<string, number>();
  const byStrategy = new Map<string, number>();
  let gross = 0;
  const hold = (strategy: string, symbol: string, worth: number): void => {
    bySymbol.set(symbol, (bySymbol.get(symbol) ?? 0) + worth);
    byStrategy.set(strategy, (byStrategy.get(strategy) ?? 0) + worth);
    gross += worth;
  };
  // What strategies that have left have won or lost is no longer at stake.
  const present = new Set(memory.strategies.map(({ strategy }) => strategy));
  let equity = memory.strategies.reduce((sum, { capital }) => sum + capital, 0);
  for (const fill of journal.fills.values()) {
    const { strategy } = journal.orders.get(fill.orderId)!;
    const [base, quote] = fill.symbol.split('/');
    const sign = fill.side === 'buy' ? 1 : -1;
    let quantity = sign * Number(fill.quantity);
    const isPresent = present.has(strategy);
    if (isPresent) equity -= quantity * Number(fill.price);
    for (const { asset, amount, quoteValue } of fill.fees) {
      if (asset === base) quantity -= Number(amount);
      else if (isPresent) equity -= asset === quote ? Number(amount) : Number(quoteValue ?? 0);
    }
    const worth = quantity * prices.get(fill.symbol)!;
    hold(strategy, fill.symbol, worth);
    if (isPresent) equity += worth;
  }
  for (const order of journal.orders.values()) {
    const isWaiting =
      order.state === 'pending' || order.state === 'unknown' || order.state === 'open' || order.state === 'partial';
    if (order.side !== 'buy' || !isWaiting) continue;
    const rest = order.quantity.minus(order.filled);
    hold(order.strategy, order.symbol, rest.times(order.limitPrice ?? prices.get(order.symbol)!).toNumber());
  }
  return { equity, bySymbol, byStrategy, gross };
}
