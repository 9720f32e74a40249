import type Big from 'big.js';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { Balance } from '#engine/venues/venue.ts';
import { answered } from './call.ts';
import { compareBalances, type Drift } from './compare-balances.ts';
import { decimalOf, least, most, ZERO } from './decimals.ts';
import type { Lane, LiveOrder } from './lane.ts';
import { isAtRest } from './next-action.ts';
import { pairOf } from './position.ts';
import { roundingOf } from './rounding.ts';
import type { TraderParts } from './trader-parts.ts';

/**
 * What the account has of each asset, held against what it had before us and what our fills made of it. Nothing is made up so that
 * numbers meet: what does not agree twice freezes the symbols that it concerns, until a person has accepted it.
 */
export class AccountBalances {
  readonly #parts: TraderParts;
  readonly #symbols: () => readonly string[];
  /** Balances that did not agree at the last look, as text. */
  #suspected = '';
  /** By asset, what the account had beyond what our fills made of it when it was looked at last. */
  #beyond: ReadonlyMap<string, Big> | null = null;
  /** The same of single assets that were looked at since, because of an order of doubtful fate. */
  readonly #since = new Map<string, Big>();
  /** By asset, what of that is explained. */
  #explained: ReadonlyMap<string, Big> = new Map();
  /** Orders of doubtful fate whose effect, if any, the balances looked at last have in them. */
  #weighed: ReadonlySet<string> = new Set();

  /** @param symbols everything that is traded here, or ever was */
  constructor(parts: TraderParts, symbols: () => readonly string[]) {
    this.#parts = parts;
    this.#symbols = symbols;
  }

  /** What the account really has of an asset, as far as is known; null before the first look. */
  actual(asset: string): Big | null {
    return this.#beyond === null ? null : (this.#beyond.get(asset) ?? ZERO).plus(this.#parts.ledger.flow(asset));
  }

  /**
   * Of what the lane holds, the most that is really there. What is missing in the account is missing of what our fills brought, before
   * anything that was there before us or came otherwise: that is nobody's here to sell. Null where nothing says less than held.
   */
  there(lane: Lane): Big | null {
    const { base } = pairOf(lane.symbol);
    if (this.#beyond === null && !this.#since.has(base)) return null;
    const beyond = this.#since.get(base) ?? this.#beyond?.get(base) ?? ZERO;
    const explained = this.#beyond === null ? this.#parts.ledger.journal.baselines() : this.#explained;
    const missing = (explained.get(base) ?? ZERO).minus(beyond);
    if (missing.lte(0)) return null;
    const lanes = this.#lanesOf(base);
    let left = most(lanes.reduce((sum, { position }) => sum.plus(position.quantity), ZERO).minus(missing), ZERO);
    for (const other of lanes) {
      const part = least(most(other.position.quantity, ZERO), left);
      if (other === lane) return part.gte(lane.position.quantity) ? null : part;
      left = left.minus(part);
    }
    return ZERO;
  }

  /** Whether the balances were looked at since it was found that nobody knows what became of the order. */
  hasWeighed(clientOrderId: string): boolean {
    return this.#weighed.has(clientOrderId);
  }

  /** More is traded from now on: what the account has of it, by the last look, was there before us. */
  widen(): void {
    if (this.#beyond !== null) this.#addMissingBaselines(this.#beyond, this.#parts.clock.now());
  }

  /** What the venue says now, by asset. @throws VenueError */
  fetch(): Promise<Map<string, Balance>> {
    const { venue, clock, timings } = this.#parts;
    return answered(clock, timings.callTimeoutMs, 'balances', () => venue.balances());
  }

  /**
   * How much of what an order was to sell has left the account since that was looked at last, with no fill to tell of it; null while
   * something else is on its way that may be why, or may hide it. @throws VenueError
   */
  async goneFor({ row }: LiveOrder): Promise<Big | null> {
    const { ledger, markets } = this.#parts;
    const { base } = pairOf(row.symbol);
    const now = await this.#beyondNow(row);
    if (now === null) return null;
    const gone = ((this.#beyond ?? ledger.journal.baselines()).get(base) ?? ZERO).minus(now);
    const rounding = roundingOf(base, markets.values(), ledger.fillsSince(base, 0));
    return gone.gt(least(rounding, row.quantity.div(2))) ? gone : ZERO;
  }

  /**
   * Looks, where nothing else is on its way, what there is of the asset of an order of doubtful fate: until the next look at everything
   * what is left could not be protected. @throws VenueError
   */
  async weigh({ row }: LiveOrder): Promise<void> {
    const now = this.hasWeighed(row.clientOrderId) ? null : await this.#beyondNow(row);
    if (now === null) return;
    this.#since.set(pairOf(row.symbol).base, now);
    this.#weighed = new Set([...this.#weighed, row.clientOrderId]);
  }

  /** What the account has now of the order's asset beyond what our fills made of it; null while another order may change it. @throws VenueError */
  async #beyondNow(row: OrderRow): Promise<Big | null> {
    const { ledger } = this.#parts;
    if (this.#isMovingBeside(row)) return null;
    const fillsBefore = ledger.fillsEver;
    const balances = await this.fetch();
    if (ledger.fillsEver !== fillsBefore || this.#isMovingBeside(row)) return null;
    return this.#beyondOf(balances).get(pairOf(row.symbol).base) ?? ZERO;
  }

  /** Another order of the same asset may have changed what there is of it. Sales of which no answer came wait for each other in vain. */
  #isMovingBeside(own: OrderRow): boolean {
    const { ledger, freezes } = this.#parts;
    for (const { order } of ledger.live()) {
      const { row } = order;
      if (row.id === own.id || pairOf(row.symbol).base !== pairOf(own.symbol).base) continue;
      const isLost = row.side === 'sell' && (row.state === 'unknown' || order.missing !== null);
      if (!isLost && !isAtRest(order) && !freezes.doubts(row)) return true;
    }
    return false;
  }

  /** The first look ever: what is there now was there before us. Within the transaction. */
  begin(balances: ReadonlyMap<string, Balance>, at: number): void {
    const { ledger } = this.#parts;
    for (const [asset, { total }] of balances)
      ledger.journal.addBaseline(asset, total.minus(ledger.flow(asset)), at, 'first look');
  }

  /** @returns whether something does not agree that has not been seen twice yet */
  judge(balances: ReadonlyMap<string, Balance>, at: number): boolean {
    this.#addMissingBaselines(this.#beyond ?? this.#beyondOf(balances), at);
    this.note(balances);
    const drifts = this.#drifts(balances);
    const suspected = drifts.map(({ asset, difference }) => `${asset} ${difference}`).join(', ');
    const isSeenTwice = suspected === this.#suspected;
    this.#suspected = suspected;
    if (!isSeenTwice) return drifts.length > 0;
    for (const drift of drifts) this.#freezeFor(drift);
    return false;
  }

  /** From now on this is what the account has. */
  note(balances: ReadonlyMap<string, Balance>): void {
    const { ledger, freezes } = this.#parts;
    this.#beyond = this.#beyondOf(balances);
    this.#since.clear();
    this.#explained = ledger.journal.baselines();
    const doubtful = [...ledger.live()].filter(({ order }) => freezes.doubts(order.row));
    this.#weighed = new Set(doubtful.map(({ order }) => order.row.clientOrderId));
  }

  /**
   * A person accepts what was found about a symbol: what our fills brought and the account no longer has is held no more, and the rest of
   * the difference counts as explained. Within the transaction; `note` has to follow.
   */
  accept(balances: ReadonlyMap<string, Balance>, symbol: string, at: number, reason: string): void {
    const assets = Object.values(pairOf(symbol));
    const drifts = () => this.#drifts(balances).filter(({ asset }) => assets.includes(asset));
    for (const { asset, difference } of drifts()) this.#writeOff(asset, difference.times(-1), symbol, reason);
    for (const { asset, difference } of drifts()) this.#parts.ledger.journal.addBaseline(asset, difference, at, reason);
    for (const lane of this.#parts.ledger.lanesOf(symbol)) if (lane.position.quantity.lt(0)) this.#settle(lane, at, reason);
  }

  /** What was sold beyond what the lane held was the owner's, and so is what it brought: the lane begins anew with nothing. */
  #settle(lane: Lane, at: number, reason: string): void {
    const { ledger } = this.#parts;
    const { quantity } = lane.position;
    const { base, quote } = pairOf(lane.symbol);
    const { price } = lane.lastFill!.fill;
    ledger.writeOff(lane, { quantity, price, at, reason });
    ledger.journal.addBaseline(base, quantity, at, reason);
    ledger.journal.addBaseline(quote, quantity.times(price).times(-1), at, reason);
  }

  /** From lanes of the symbol first, and of those from the one that holds most nearly what is missing. */
  #writeOff(asset: string, missing: Big, symbol: string, reason: string): void {
    const { ledger, prices, clock, log } = this.#parts;
    const rank = ({ position, symbol: own }: Lane) =>
      position.quantity
        .minus(missing)
        .abs()
        .plus(own === symbol ? 0 : missing.times(2));
    const lanes = this.#lanesOf(asset).sort((one, other) => rank(one).cmp(rank(other)));
    let left = missing;
    for (const lane of lanes) {
      const quantity = least(left, lane.position.quantity);
      if (quantity.lte(0)) continue;
      const price = prices.newest(lane.symbol)?.price ?? null;
      ledger.writeOff(lane, { quantity, price: price === null ? null : decimalOf(price), at: clock.now(), reason });
      log.warn(
        { strategy: lane.strategy, symbol: lane.symbol, quantity: quantity.toFixed(), price },
        'Written off: it is not there.',
      );
      left = left.minus(quantity);
    }
  }

  #lanesOf(base: string): Lane[] {
    return [...this.#parts.ledger.lanes].filter(({ symbol }) => pairOf(symbol).base === base);
  }

  #beyondOf(balances: ReadonlyMap<string, Balance>): Map<string, Big> {
    const { ledger } = this.#parts;
    const assets = new Set([...balances.keys(), ...ledger.movedAssets]);
    return new Map([...assets].map((asset) => [asset, (balances.get(asset)?.total ?? ZERO).minus(ledger.flow(asset))]));
  }

  #freezeFor({ asset, expected, actual, difference }: Drift): void {
    const message = `The account has ${actual} ${asset}; by the journal it should have ${expected} (${difference.gt(0) ? '+' : ''}${difference}).`;
    for (const symbol of this.#symbols()) {
      const { base, quote } = pairOf(symbol);
      if (base === asset || quote === asset) this.#parts.freeze({ symbol, code: 'balance', subject: asset, message });
    }
  }

  /**
   * What is traded, and what fees are paid in, is watched from when it is first seen to be. What the account had of it then is what it had
   * at the look before: at this one some of what we bought meanwhile may be gone again.
   */
  #addMissingBaselines(beyond: ReadonlyMap<string, Big>, at: number): void {
    const { ledger } = this.#parts;
    const known = ledger.journal.baselines();
    const missing = [...this.#watched()].filter((asset) => !known.has(asset));
    if (missing.length === 0) return;
    ledger.commit(() => {
      for (const asset of missing) ledger.journal.addBaseline(asset, beyond.get(asset) ?? ZERO, at, 'first look at this asset');
    });
  }

  #watched(): Set<string> {
    const traded = this.#symbols().flatMap((symbol) => Object.values(pairOf(symbol)));
    return new Set([...this.#parts.ledger.movedAssets, ...traded]);
  }

  #drifts(balances: ReadonlyMap<string, Balance>): Drift[] {
    const { ledger, markets } = this.#parts;
    const watched = this.#watched();
    const explainedAt = ledger.journal.baselineTimes();
    return compareBalances({
      actual: new Map([...balances].map(([asset, { total }]) => [asset, total])),
      baseline: new Map([...ledger.journal.baselines()].filter(([asset]) => watched.has(asset))),
      flow: (asset) => ledger.flow(asset),
      tolerance: (asset) => roundingOf(asset, markets.values(), ledger.fillsSince(asset, explainedAt.get(asset) ?? 0)),
    });
  }
}
