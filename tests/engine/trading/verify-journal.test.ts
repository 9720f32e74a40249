import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Big } from 'big.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FoldedOrder, type NewOrder, OrderJournal } from '#engine/store/journal/order-journal.ts';
import { afterEvent, type OrderEvent, UNBORN } from '#engine/trading/order-state.ts';
import { verifyJournal } from '#engine/trading/verify-journal.ts';

const sentAt = Date.UTC(2026, 0, 2);
const name = 'Order raaaaaaaaaaaaaaaaa (entry of trend, BTC/USD)';
const quantity = new Big('1.5');

let dir: string;
let journal: OrderJournal;
let id: number;
let folded: FoldedOrder;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-verify-'));
  journal = OrderJournal.open(join(dir, 'journal.sqlite'), 'me');
  const order: NewOrder = {
    clientOrderId: 'raaaaaaaaaaaaaaaaa',
    strategy: 'trend',
    symbol: 'BTC/USD',
    role: 'entry',
    side: 'buy',
    kind: 'limit',
    quantity,
    limitPrice: new Big('100'),
    stopPrice: null,
    instant: sentAt,
    attempt: 0,
    version: 'v',
    cause: 'entry',
    reason: 'because',
    terms: '',
    createdAt: sentAt,
  };
  folded = afterEvent(UNBORN, { kind: 'intended' }, quantity);
  id = journal.addOrder(order, folded, JSON.stringify({ kind: 'intended' }));
});
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What becomes of the order, as the trader writes it down; the row is that of `row` where it is to be wrong. */
function happens(event: OrderEvent, row: Partial<FoldedOrder> = {}): void {
  folded = afterEvent(folded, event, quantity);
  journal.addEvent(id, sentAt + 1, JSON.stringify(event), { ...folded, ...row });
}

function fills(fillId: string, amount: string): void {
  journal.addFill({
    symbol: 'BTC/USD',
    fillId,
    orderId: id,
    side: 'buy',
    quantity: new Big(amount),
    price: new Big('100'),
    isMaker: true,
    time: sentAt + 1,
    recordedAt: sentAt + 1,
    fees: [],
  });
}

const verdict = (later = 1_000) => verifyJournal(journal, sentAt + later);

describe('a look at the order journal', () => {
  it('finds nothing where rows, histories and fills agree', () => {
    happens({ kind: 'taken', venueOrderId: 'O1' });
    for (const fillId of ['f1', 'f2']) {
      fills(fillId, '0.75');
      happens({ kind: 'fill', fillId, quantity: '0.75' });
    }
    expect(journal.orders()).toMatchObject([{ state: 'filled', isFinal: true }]);
    expect(verdict(86_400_000)).toEqual([]);
  });

  it('finds a row that is not what its history comes to', () => {
    happens({ kind: 'taken', venueOrderId: 'O1' }, { state: 'cancelled', isFinal: true });
    expect(verdict()).toEqual([`${name} is cancelled in its row and open by its history.`]);
  });

  it('finds a history that cannot be', () => {
    happens({ kind: 'taken', venueOrderId: 'O1' });
    journal.addEvent(id, sentAt + 2, JSON.stringify({ kind: 'taken', venueOrderId: 'O2' }), folded);
    expect(verdict()).toEqual([expect.stringContaining(`${name} has a history that cannot be: `)]);
  });

  it('finds what is said to be filled and was not, and a fill that no order counts', () => {
    happens({ kind: 'taken', venueOrderId: 'O1' });
    happens({ kind: 'fill', fillId: 'f1', quantity: '0.5' });
    expect(verdict()).toEqual([`${name} has 0.5 filled, and its fills add up to 0.`]);
    fills('f1', '0.5');
    expect(verdict()).toEqual([]);
    fills('f2', '0.5');
    expect(verdict()).toEqual([`${name} has 0.5 filled, and its fills add up to 1.`]);
  });

  it('finds that more was written off than ever came in', () => {
    happens({ kind: 'taken', venueOrderId: 'O1' });
    fills('f1', '0.5');
    happens({ kind: 'fill', fillId: 'f1', quantity: '0.5' });
    const gone = {
      kind: 'written-off',
      strategy: 'trend',
      symbol: 'BTC/USD',
      at: sentAt,
      price: null,
      reason: 'ann: sold',
    } as const;
    journal.addNote({ ...gone, afterFill: 1, quantity: new Big('0.5') });
    expect(verdict()).toEqual([]);
    journal.addNote({ ...gone, afterFill: 1, quantity: new Big('0.25') });
    expect(verdict()).toEqual(['trend holds -0.25 of BTC/USD by its fills and what was written off.']);
  });

  it('finds an order of which nothing was heard for ten minutes, and not one that was sent just now', () => {
    happens({ kind: 'lost', why: 'no answer' });
    expect(verdict(10 * 60_000)).toEqual([]);
    expect(verdict(10 * 60_000 + 1)).toEqual([
      `${name} was sent at 2026-01-02T00:00:00.000Z, and it is not known what became of it.`,
    ]);
  });

  it('finds a frozen symbol, until a person has accepted it', () => {
    happens({ kind: 'refused', why: 'no' });
    journal.addFreeze({ symbol: 'BTC/USD', at: sentAt, code: 'balance', subject: 'BTC', message: '0.01 BTC too many' });
    expect(verdict()).toEqual(['BTC/USD is frozen (balance): 0.01 BTC too many']);
    journal.acceptFreezes('BTC/USD', sentAt + 1, 'paid in');
    expect(verdict()).toEqual([]);
  });
});
