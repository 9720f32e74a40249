import { Big } from 'big.js';
import type { ExchangeFill, LedgerEntry, ListedMarket } from './exchange-types.ts';

const zero = new Big(0);

export interface AuditLine {
  readonly deposited: Big;
  readonly traded: Big;
  readonly fees: Big;
}

/**
 * What every account should have, worked out from deposits and fills alone, beside the ledger. Each call reads only what is
 * new since the last, so that it can be asked after every event.
 */
export class Audit {
  readonly #lines = new Map<string, AuditLine>();
  #entriesRead = 0;
  #fillsRead = 0;

  read(entries: readonly LedgerEntry[], fills: readonly ExchangeFill[], marketOf: (symbol: string) => ListedMarket): void {
    for (; this.#entriesRead < entries.length; this.#entriesRead += 1) {
      const entry = entries[this.#entriesRead]!;
      if (entry.kind === 'deposit') this.#add(entry.account, entry.asset, 'deposited', entry.amount);
    }
    for (; this.#fillsRead < fills.length; this.#fillsRead += 1) {
      const { account, symbol, side, quantity, price, fees } = fills[this.#fillsRead]!;
      const { base, quote } = marketOf(symbol);
      const sign = side === 'buy' ? 1 : -1;
      this.#add(account, base, 'traded', quantity.times(sign));
      this.#add(account, quote, 'traded', quantity.times(price).times(-sign));
      for (const fee of fees) this.#add(account, fee.asset, 'fees', fee.amount);
    }
  }

  line(account: string, asset: string): AuditLine {
    return this.#lines.get(`${account}/${asset}`) ?? { deposited: zero, traded: zero, fees: zero };
  }

  #add(account: string, asset: string, part: keyof AuditLine, amount: Big): void {
    const line = this.line(account, asset);
    this.#lines.set(`${account}/${asset}`, { ...line, [part]: line[part].plus(amount) });
  }
}
