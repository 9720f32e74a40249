import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Big } from 'big.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { clientOrderId } from '#engine/trading/client-order-id.ts';
import type { Lane } from '#engine/trading/lane.ts';
import { Ledger, type LedgerListener } from '#engine/trading/ledger.ts';
import { hasEnded, NEVER_ARRIVED } from '#engine/trading/order-state.ts';
import { NO_TERMS } from '#engine/trading/terms.ts';
import fc from '#tests/support/properties.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-replay-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const account = 'rehearsal';
const symbols = ['BTC/USD', 'ETH/USD'];
const assets = ['BTC', 'ETH', 'USD', 'BNB'];

/** One thing that may happen; what cannot happen now is left out. */
const happening = fc.record({
  kind: fc.constantFrom(
    'intend',
    'intend',
    'intend',
    'lost',
    'taken',
    'refused',
    'seen',
    'fill',
    'fill',
    'fill',
    'again',
    'dust',
    'gone',
    'given-up',
    'wish',
    'revive',
  ),
  strategy: fc.constantFrom('a', 'b'),
  symbol: fc.constantFrom(...symbols),
  /** Which of the orders that are meant. */
  pick: fc.nat(50),
  amount: fc.integer({ min: 1, max: 40 }),
  price: fc.integer({ min: 900, max: 1100 }),
  feeAsset: fc.constantFrom('BTC', 'ETH', 'USD', 'BNB'),
  side: fc.constantFrom('buy', 'sell'),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

class History {
  readonly told: string[] = [];
  readonly ledger: Ledger;
  readonly journal: OrderJournal;
  #fills = 0;
  #now = 1_000;

  constructor(journal: OrderJournal) {
    this.journal = journal;
    this.ledger = Ledger.load(journal, listenerOf(this.told));
  }

  happen({ kind, strategy, symbol, pick, amount, price, feeAsset, side }: Happening): void {
    const { ledger, journal } = this;
    this.#now += 1;
    const now = this.#now;
    let lane = ledger.lane(strategy, symbol);
    if (kind === 'intend') {
      const role = side === 'buy' ? 'entry' : 'exit';
      const intention = { account, strategy, symbol, instant: now, role, attempt: 0 } as const;
      ledger.intend(lane, {
        ...intention,
        side: side as 'buy' | 'sell',
        kind: 'limit',
        clientOrderId: clientOrderId(intention),
        quantity: new Big(amount).div(10),
        limitPrice: new Big(price),
        stopPrice: null,
        version: 'v',
        cause: side === 'buy' ? 'entry' : 'decision',
        reason: 'because',
        terms: JSON.stringify({ ...NO_TERMS, stopLoss: 0.1, fallbackStop: null }),
        createdAt: now,
      });
      return;
    }
    if (kind === 'wish') {
      ledger.remember(lane, {
        decided: now,
        wish: { kind: 'sell', instant: now, downTo: new Big('1e-8'), cause: 'decision', reason: '' },
      });
      ledger.commit();
      return;
    }
    if (kind === 'dust') {
      if (lane.position.isOpen && lane.lastFill !== null) ledger.noteDust(lane, now);
      return;
    }
    if (kind === 'gone') {
      const part = new Big(amount).div(10);
      const quantity = part.gt(lane.position.quantity) ? lane.position.quantity : part;
      if (quantity.gt(0))
        ledger.writeOff(lane, { quantity, price: pick % 2 === 0 ? new Big(price) : null, at: now, reason: 'ann: gone' });
      return;
    }
    const all = journal.orders();
    const row = all[pick % Math.max(1, all.length)];
    if (row === undefined) return;
    lane = ledger.lane(row.strategy, row.symbol);
    const order = lane.orders.get(row.id);
    const name = `venue-${row.id}`;
    if (kind === 'fill' || kind === 'again') {
      const left = row.quantity.minus(row.filled);
      const isWrittenOff = row.refusal === 'written-off';
      const held = isWrittenOff ? lane.position.quantity.plus(lane.writtenOff) : lane.position.quantity;
      const isOver = (row.isFinal && !isWrittenOff) || left.lte(0) || (row.state === 'rejected' && row.venueOrderId === null);
      if (isOver || (row.side === 'sell' && held.lte(0))) return;
      const part = new Big(amount).div(40).times(left).round(3, Big.roundUp);
      const quantity = row.side === 'sell' && part.gt(held) ? held : part;
      if (quantity.gt(left)) return;
      this.#fills += 1;
      const id = String(this.#fills);
      const fee = { asset: feeAsset, amount: quantity.times('0.001') };
      const fill = {
        id,
        venueOrderId: name,
        symbol: row.symbol,
        side: row.side,
        quantity,
        price: new Big(price),
        fees: [fee],
        isMaker: false,
        time: now,
      };
      ledger.recordFill(order?.row ?? row, fill, now, () => null);
      // The venue tells it twice.
      if (kind === 'again') expect(ledger.recordFill(lane.orders.get(row.id)?.row ?? row, fill, now, () => null)).toBe(false);
      return;
    }
    const seen = {
      kind: 'seen',
      venueOrderId: name,
      state: (['open', 'filled', 'cancelled', 'expired'] as const)[pick % 4]!,
      filled: (pick % 4 === 1 ? row.quantity : row.filled).toFixed(),
    } as const;
    if (kind === 'revive') {
      if (row.state === 'rejected' && order === undefined && row.venueOrderId === null) ledger.revive(row, seen, now);
      return;
    }
    if (order === undefined) return;
    const { state } = order.row;
    if (kind === 'given-up' && pick % 3 === 0) ledger.note(lane, order, { kind: 'written-off', why: 'ann: gone' }, now);
    else if (kind === 'lost' && state === 'pending') ledger.note(lane, order, { kind: 'lost', why: 'timeout' }, now);
    else if (kind === 'taken') ledger.note(lane, order, { kind: 'taken', venueOrderId: name }, now);
    else if (kind === 'seen' && !(hasEnded(order.row) && pick % 4 === 1)) ledger.note(lane, order, seen, now);
    else if (kind === 'refused' && (state === 'pending' || state === 'unknown') && order.row.filled.eq(0)) {
      ledger.note(lane, order, { kind: 'refused', why: NEVER_ARRIVED }, now);
    }
  }
}

function listenerOf(told: string[]): LedgerListener {
  return {
    filled: (lane, { fill }) => told.push(`${lane.strategy} ${lane.symbol} ${fill.id}`),
    closed: (lane, closed, dust) => told.push(`${lane.strategy} ${lane.symbol} closed by ${closed.fill} ${dust}`),
  };
}

/** Everything that trading goes by. */
function memoryOf(ledger: Ledger): unknown {
  const lane = ({ strategy, symbol, position, memory, orders }: Lane) => ({
    ...{ strategy, symbol, position, memory },
    // One that came to life again is remembered last; the journal has it where it was intended.
    orders: [...orders.values()].sort((one, other) => one.row.id - other.row.id).map(({ row, terms }) => ({ row, terms })),
  });
  const lanes = [...ledger.lanes].filter(
    ({ orders, position, memory }) => orders.size > 0 || position.turnover.gt(0) || memory.decided > 0,
  );
  const sorted = lanes.sort((one, other) => (`${one.strategy}${one.symbol}` < `${other.strategy}${other.symbol}` ? -1 : 1));
  return JSON.parse(
    JSON.stringify({ lanes: sorted.map(lane), flows: assets.map((asset) => ledger.flow(asset)), fills: ledger.fillsEver }),
  );
}

describe('the journal, read anew', () => {
  it('gives the same lanes, orders, positions and flows as the memory of whoever wrote it, after every history', () => {
    let runs = 0;
    const met = { fills: 0, closed: 0, dust: 0, gone: 0 };
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 80, size: 'max' }), (happenings) => {
        runs += 1;
        const journal = OrderJournal.open(join(dir, `${runs}.sqlite`), account);
        try {
          const history = new History(journal);
          for (const each of happenings) history.happen(each);
          const told: string[] = [];
          const again = Ledger.load(journal, listenerOf(told));
          expect(memoryOf(again)).toEqual(memoryOf(history.ledger));
          expect(told.sort()).toEqual([...history.told].sort());
          conserved(again, journal);
          met.fills += again.fillsEver;
          met.closed += told.filter((line) => line.includes('closed by')).length;
          met.dust += journal.notes().filter((note) => note.kind === 'dust').length;
          met.gone += journal.notes().filter((note) => note.kind === 'written-off').length;
        } finally {
          journal.close();
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
    // Histories in which nothing happens would show nothing.
    expect(met.fills).toBeGreaterThan(50);
    expect(met.closed).toBeGreaterThan(5);
    expect(met.dust).toBeGreaterThan(5);
    expect(met.gone).toBeGreaterThan(5);
  });
});

/** What a lane holds is what its fills brought less what they took and what was written off, and all lanes together are the flows. */
function conserved(ledger: Ledger, journal: OrderJournal): void {
  const rows = new Map(journal.orders().map((row) => [row.id, row]));
  const held = new Map<string, Big>();
  for (const fill of journal.fills()) {
    const { strategy, symbol } = rows.get(fill.orderId)!;
    const key = `${strategy} ${symbol}`;
    const base = symbol.split('/')[0];
    const fees = fill.fees.filter(({ asset }) => asset === base).reduce((sum, { amount }) => sum.plus(amount), new Big(0));
    held.set(key, (held.get(key) ?? new Big(0)).plus(fill.quantity.times(fill.side === 'buy' ? 1 : -1)).minus(fees));
  }
  for (const { kind, strategy, symbol, quantity } of journal.notes()) {
    const key = `${strategy} ${symbol}`;
    if (kind === 'written-off') held.set(key, held.get(key)!.minus(quantity));
  }
  for (const lane of ledger.lanes) {
    expect(lane.position.quantity.toFixed()).toBe((held.get(`${lane.strategy} ${lane.symbol}`) ?? new Big(0)).toFixed());
  }
}
