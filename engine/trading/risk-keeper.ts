import { z } from 'zod';
import { AccountRisk, accountMarked, accountTold, newAccountRisk } from '#engine/risk/account-risk.ts';
import { heldAgainst } from '#engine/risk/loss.ts';
import { type EndedTrade, fillNoted, orderNoted, standingOf, strategyRenewed, tradeNoted } from '#engine/risk/risk-ledger.ts';
import type { Standing } from '#engine/risk/standing.ts';
import type { HaltEvent } from '#engine/risk/trading-halt.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';

/** A value that has moved by this share of the highest equity is written for those who read it elsewhere. */
const tellingMove = 0.001;

/** As it is written. */
export const KeptRisk = z.strictObject({
  risk: AccountRisk,
  /** Of all strategies when the account was valued last, quote asset. */
  capital: z.number().nullable(),
});
export type KeptRisk = z.infer<typeof KeptRisk>;

/** What risk remembers of the account, kept with the journal: written in the transaction of what it follows from. */
export class RiskKeeper {
  readonly #journal: OrderJournal;
  #risk: AccountRisk;
  #written: AccountRisk;
  #capital: number | null;

  constructor(journal: OrderJournal) {
    this.#journal = journal;
    const text = journal.risk();
    const kept = text === null ? null : KeptRisk.parse(JSON.parse(text));
    this.#risk = kept?.risk ?? newAccountRisk;
    this.#capital = kept?.capital ?? null;
    this.#written = this.#risk;
  }

  get halt(): AccountRisk['halt'] {
    return this.#risk.halt;
  }

  get equity(): AccountRisk['ledger']['equity'] {
    return this.#risk.ledger.equity;
  }

  standing(strategy: string, symbol: string, now: number, limits: TradingLimits): Standing {
    return standingOf(this.#risk.ledger, { strategy, symbol, now }, limits);
  }

  /**
   * @param capital of all strategies: when it is another than before, money came or went, and nothing was earned or lost
   * @param result what they are worth beyond it
   * @returns whether the account's halt has changed
   */
  noteEquity(time: number, capital: number, result: number, limits: TradingLimits): boolean {
    // What was won or lost until now is of the capital there was.
    const hasHalted = this.#become(accountMarked(this.#risk, { time, value: (this.#capital ?? capital) + result }, limits));
    this.#rebase(capital, result);
    return hasHalted;
  }

  noteOrder(now: number, limits: TradingLimits): void {
    this.#become({ ...this.#risk, ledger: orderNoted(this.#risk.ledger, now, limits) });
  }

  noteFill(fill: { readonly time: number; readonly value: number }, limits: TradingLimits): void {
    this.#become({ ...this.#risk, ledger: fillNoted(this.#risk.ledger, fill, limits) });
  }

  noteTrade(trade: EndedTrade, limits: TradingLimits): void {
    this.#become({ ...this.#risk, ledger: tradeNoted(this.#risk.ledger, trade, limits) });
  }

  renew(strategy: string): void {
    this.#become({ ...this.#risk, ledger: strategyRenewed(this.#risk.ledger, strategy) });
  }

  /** @returns whether the account's halt has changed */
  tell(event: HaltEvent): boolean {
    return this.#become(accountTold(this.#risk, event));
  }

  /**
   * Something has changed that must outlive this process, or the account is worth so much else that readers should know; a value that has
   * moved by less can be worked out again.
   */
  get isUnwritten(): boolean {
    const { ledger, halt, heardAt } = this.#risk;
    const before = this.#written;
    if (halt !== before.halt || heardAt !== before.heardAt) return true;
    if (ledger === before.ledger) return false;
    const { equity, ...rest } = ledger;
    const isSame = Object.entries(rest).every(([name, value]) => value === before.ledger[name as keyof typeof rest]);
    if (!isSame || equity?.peak !== before.ledger.equity?.peak || equity?.dayOpening !== before.ledger.equity?.dayOpening)
      return true;
    return equity !== null && Math.abs(equity.value - before.ledger.equity!.value) > tellingMove * equity.peak;
  }

  /** Within the transaction of what it follows from. */
  write(): void {
    if (this.#risk === this.#written) return;
    this.#journal.saveRisk(JSON.stringify({ risk: this.#risk, capital: this.#capital } satisfies KeptRisk));
    this.#written = this.#risk;
  }

  /** What is lost stays the same part of it. Where nothing would be left that a part could be of, it is held against what there was. */
  #rebase(capital: number, result: number): void {
    const { ledger } = this.#risk;
    const equity = ledger.equity!;
    const change = capital - (this.#capital ?? capital);
    if (change !== 0) {
      const { time, value, peak, dayOpening } = equity;
      const held = heldAgainst(equity, value, change);
      if (held === null && value > 0) return;
      const moved = { time, value: capital + result, ...(held ?? { peak: peak + change, dayOpening: dayOpening + change }) };
      this.#become({ ...this.#risk, ledger: { ...ledger, equity: moved } });
    }
    this.#capital = capital;
  }

  #become(risk: AccountRisk): boolean {
    const hasChanged = risk.halt !== this.#risk.halt;
    this.#risk = risk;
    return hasChanged;
  }
}
