import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Big } from 'big.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineStore } from '#engine/store/engine-store.ts';
import { type FoldedOrder, type NewOrder, OrderJournal } from '#engine/store/journal/order-journal.ts';

let dir: string;
let journal: OrderJournal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-journal-'));
  journal = OrderJournal.open(join(dir, 'journal.sqlite'), 'kraken-1');
});
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

const order: NewOrder = {
  clientOrderId: 'raaaaaaaaaaaaaaaaa',
  strategy: 's',
  symbol: 'BTC/USD',
  role: 'entry',
  side: 'buy',
  kind: 'limit',
  quantity: new Big('0.00000001'),
  limitPrice: new Big('123456789.123456789'),
  stopPrice: null,
  instant: 1,
  attempt: 0,
  version: 'v',
  cause: 'entry',
  reason: 'because',
  terms: '',
  createdAt: 2,
};
const pending: FoldedOrder = {
  state: 'pending',
  venueOrderId: null,
  filled: new Big(0),
  saidFilled: null,
  refusal: null,
  isFinal: false,
};
const fill = {
  symbol: 'BTC/USD',
  fillId: 'f1',
  orderId: 1,
  side: 'buy',
  quantity: new Big('0.1'),
  price: new Big('30000.1'),
  isMaker: true,
  time: 5,
  recordedAt: 6,
  fees: [
    { asset: 'BTC', amount: new Big('0.0001'), quoteValue: null },
    { asset: 'BNB', amount: new Big('-0.002'), quoteValue: new Big('1.2') },
  ],
} as const;

describe('the order journal', () => {
  it('keeps amounts exactly, however small or large', () => {
    journal.addOrder(order, pending, '{"kind":"intended"}');
    const [row] = journal.orders();
    expect(row!.quantity.toFixed()).toBe('0.00000001');
    expect(row!.limitPrice!.toFixed()).toBe('123456789.123456789');
    expect(journal.orderByClientId(order.clientOrderId)).toEqual(row);
  });

  it('takes an intention once', () => {
    journal.addOrder(order, pending, '{}');
    expect(() => journal.addOrder(order, pending, '{}')).toThrow(/UNIQUE/);
    expect(journal.orders()).toHaveLength(1);
    expect(journal.attempts('s', 'BTC/USD', 1, 'entry')).toBe(1);
    expect(journal.attempts('s', 'BTC/USD', 1, 'exit')).toBe(0);
  });

  it('appends each event and keeps the fold beside it', () => {
    const id = journal.addOrder(order, pending, '"intended"');
    journal.addEvent(id, 3, '"taken"', { ...pending, state: 'open', venueOrderId: '7' });
    expect(journal.events(id).map(({ at, event }) => [at, event])).toEqual([
      [2, '"intended"'],
      [3, '"taken"'],
    ]);
    expect(journal.orderByVenueId('BTC/USD', '7')).toMatchObject({ id, state: 'open', isFinal: false });
  });

  it('records a fill once, with all its fees', () => {
    journal.addOrder(order, pending, '{}');
    expect(journal.addFill(fill)).toBe(1);
    expect(journal.addFill({ ...fill, price: new Big(1) })).toBe(null);
    expect(journal.addFill({ ...fill, symbol: 'ETH/USD' })).toBe(2);
    expect(journal.fills()[0]).toEqual({ ...fill, id: 1 });
  });

  it('gives what a start wants to know without the orders that are over: fills with what made them, and orders that live', () => {
    const id = journal.addOrder(order, pending, '{}');
    journal.addOrder({ ...order, clientOrderId: 'b' }, { ...pending, state: 'rejected', isFinal: true }, '{}');
    journal.addOrder({ ...order, clientOrderId: 'c' }, pending, '{}');
    journal.addFill(fill);
    journal.addFill({ ...fill, fillId: 'f2', fees: [] });
    journal.addEvent(id, 3, '{}', { ...pending, state: 'filled', filled: new Big('0.2'), isFinal: true });
    const { strategy, symbol, instant, version, cause, reason, terms } = order;
    const made = { id, strategy, symbol, instant, version, cause, reason, terms };
    expect([...journal.filled()]).toEqual(journal.fills().map((each) => ({ fill: each, order: made })));
    expect(journal.liveOrders().map(({ clientOrderId }) => clientOrderId)).toEqual(['c']);
  });

  it('can be written again where reading fills one after the other was broken off', () => {
    journal.addOrder(order, pending, '{}');
    journal.addFill(fill);
    for (const told of journal.filled()) if (told.fill.id === 1) break;
    expect(journal.addFill({ ...fill, fillId: 'f2' })).toBe(2);
  });

  it('takes all of a transaction or nothing', () => {
    expect(() =>
      journal.transaction(() => {
        journal.addOrder(order, pending, '{}');
        journal.saveLane('s', 'BTC/USD', '{}');
        throw new Error('the process has died here');
      }),
    ).toThrow('died');
    expect([journal.orders(), journal.lanes()]).toEqual([[], []]);
  });

  it('shows an account nothing of another', () => {
    journal.addOrder(order, pending, '{}');
    journal.addFill(fill);
    journal.addBaseline('BTC', new Big(1), 1, 'first look');
    journal.close();
    const other = OrderJournal.open(join(dir, 'journal.sqlite'), 'kraken-2');
    expect([[...other.filled()], other.liveOrders()]).toEqual([[], []]);
    expect([other.orders(), other.fills(), other.baselines().size, other.cursor(), other.hasFill('BTC/USD', 'f1')]).toEqual([
      [],
      [],
      0,
      null,
      false,
    ]);
    other.close();
    journal = OrderJournal.open(join(dir, 'journal.sqlite'), 'kraken-1');
    expect(journal.orders()).toHaveLength(1);
  });

  it('adds up baselines, and keeps what was accepted', () => {
    journal.addBaseline('BTC', new Big('0.1'), 1, 'first look');
    journal.addBaseline('BTC', new Big('-0.3'), 2, 'moved by hand');
    expect(journal.baselines().get('BTC')!.toFixed()).toBe('-0.2');
    journal.addFreeze({ symbol: 'BTC/USD', at: 3, code: 'balance', subject: 'BTC', message: 'differs' });
    journal.acceptFreezes('BTC/USD', 4, 'mine');
    expect(journal.freezes()).toMatchObject([{ acceptedAt: 4, acceptedReason: 'mine' }]);
  });

  it('writes through to the disk with each commit', () => {
    const raw = new Database(join(dir, 'journal.sqlite'), { readonly: true });
    expect(raw.pragma('journal_mode', { simple: true })).toBe('wal');
    journal.addOrder(order, pending, '{}');
    expect(raw.prepare('SELECT count(*) FROM venueOrders').pluck().get()).toBe(1);
    raw.close();
  });

  it('stands in the engine’s own store, where a step and its orders are one transaction', () => {
    const store = EngineStore.open(join(dir, 'engine'));
    const within = store.journal('kraken-1');
    expect(() =>
      store.transaction(() => {
        within.addOrder(order, pending, '{}');
        store.setFeedTime(5);
        throw new Error('the process has died here');
      }),
    ).toThrow('died');
    expect([within.orders(), store.lastFeedTime()]).toEqual([[], null]);
    store.transaction(() => {
      within.addOrder(order, pending, '{}');
      store.setFeedTime(5);
    });
    expect([within.orders().length, store.lastFeedTime()]).toEqual([1, 5]);
    store.close();
  });
});
