import { Big } from 'big.js';
import type { Balance, Fee } from '../venue.ts';
import type { ExchangeFill, LedgerEntry } from './exchange-types.ts';

const zero = new Big(0);

/** Who has what: balances by account and asset, what open orders hold of them, and every movement there was. */
export class Ledger {
  readonly #accounts = new Map<string, Map<string, { total: Big; held: Big }>>();
  readonly #entries: LedgerEntry[] = [];

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  get accounts(): readonly string[] {
    return [...this.#accounts.keys()];
  }

  has(account: string): boolean {
    return this.#accounts.has(account);
  }

  open(account: string): void {
    if (!this.#accounts.has(account)) this.#accounts.set(account, new Map());
  }

  balances(account: string): Map<string, Balance> {
    const lines = [...(this.#accounts.get(account) ?? [])];
    return new Map(lines.map(([asset, { total, held }]) => [asset, { total, free: total.minus(held) }]));
  }

  free(account: string, asset: string): Big {
    const line = this.#accounts.get(account)?.get(asset);
    return line === undefined ? zero : line.total.minus(line.held);
  }

  /** Below zero for what is let go. */
  hold(account: string, asset: string, amount: Big): void {
    const line = this.#line(account, asset);
    line.held = line.held.plus(amount);
  }

  deposit(account: string, asset: string, amount: Big, time: number): void {
    this.#move({ account, asset, amount, time, kind: 'deposit', fillNumber: null });
  }

  settle(fill: ExchangeFill, base: string, quote: string): void {
    const { account, time, number: fillNumber } = fill;
    const sign = fill.side === 'buy' ? 1 : -1;
    const cost = fill.quantity.times(fill.price);
    this.#move({ account, asset: base, amount: fill.quantity.times(sign), time, kind: 'trade', fillNumber });
    this.#move({ account, asset: quote, amount: cost.times(-sign), time, kind: 'trade', fillNumber });
    for (const fee of fill.fees)
      this.#move({ account, asset: fee.asset, amount: fee.amount.times(-1), time, kind: 'fee', fillNumber });
  }

  #move(entry: Omit<LedgerEntry, 'balance'>): void {
    const line = this.#line(entry.account, entry.asset);
    line.total = line.total.plus(entry.amount);
    this.#entries.push({ ...entry, balance: line.total });
  }

  #line(account: string, asset: string): { total: Big; held: Big } {
    this.open(account);
    const lines = this.#accounts.get(account)!;
    const line = lines.get(asset) ?? { total: zero, held: zero };
    lines.set(asset, line);
    return line;
  }
}

/** Fees of the same asset added up. */
export function addFees(fees: readonly Fee[], more: readonly Fee[]): Fee[] {
  const sums = new Map(fees.map((fee) => [fee.asset, fee.amount]));
  for (const fee of more) sums.set(fee.asset, (sums.get(fee.asset) ?? zero).plus(fee.amount));
  return [...sums].map(([asset, amount]) => ({ asset, amount }));
}
