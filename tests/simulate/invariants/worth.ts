import type { Evidence } from './evidence.ts';

export interface Worth {
  /** Cash and holdings of all strategies that trade, quote asset. */
  readonly equity: number;
  /** Held, and what waiting purchases would add. */
  readonly bySymbol: ReadonlyMap<string, number>;
  readonly byStrategy: ReadonlyMap<string, number>;
  readonly gross: number;
}

/** What is at stake, from the journal's orders and books at the exchange's last prices. */
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
  for (const [name, { quantity, cash }] of journal.books) {
    const [strategy, symbol] = name.split(' ') as [string, string];
    const worth = Number(quantity) * prices.get(symbol)!;
    hold(strategy, symbol, worth);
    if (present.has(strategy)) equity += Number(cash) + worth;
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
