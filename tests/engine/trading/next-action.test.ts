import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { Wish } from '#engine/trading/lane.ts';
import { type LaneFacts, nextAction } from '#engine/trading/next-action.ts';
import { type EntryTerms, NO_TERMS } from '#engine/trading/terms.ts';

const now = 1_000_000;
const market = {
  tickSize: new Big('0.1'),
  stepSize: new Big('0.01'),
  minQuantity: new Big('0.1'),
  minNotional: new Big(5),
  maxQuantity: null,
};
const stop = { price: new Big(90), cause: 'stop' } as const;
const exit: Wish = { kind: 'sell', instant: 1, downTo: new Big(0), cause: 'decision', reason: 'out' };
const enter: Wish = {
  kind: 'enter',
  instant: 1,
  orderKind: 'limit-ioc',
  quantity: new Big(1),
  limitPrice: new Big(101),
  terms: NO_TERMS,
  reason: 'in',
  version: 'v',
  until: now + 60_000,
};

function order(
  id: number,
  changes: Partial<OrderRow>,
  more: { askAt?: number; isCancelAsked?: boolean; terms?: Partial<EntryTerms> } = {},
) {
  const row = {
    ...{ id, role: 'entry', state: 'open', kind: 'limit', quantity: new Big(1), filled: new Big(0), stopPrice: null },
    ...changes,
  } as OrderRow;
  return {
    row,
    terms: { ...NO_TERMS, ...more.terms },
    askAt: more.askAt ?? Number.POSITIVE_INFINITY,
    isCancelAsked: more.isCancelAsked ?? false,
  };
}

const resting = (quantity = '2', price = 90) =>
  order(9, { role: 'protection', kind: 'stop', quantity: new Big(quantity), stopPrice: new Big(price) });

function facts(changes: Partial<Omit<LaneFacts, 'position'>> & { held?: string } = {}): LaneFacts {
  const { held = '0', ...rest } = changes;
  return {
    market,
    position: { quantity: new Big(held), isOpen: held !== '0' },
    stop: held === '0' ? null : stop,
    price: 100,
    wish: null,
    orders: [],
    givenUp: new Set(),
    entries: 'allowed',
    there: null,
    cash: 'free',
    retryAt: 0,
    saleRetryAt: 0,
    ...rest,
  };
}

/** `sell 2`, `cancel 9`, … */
function next(changes: Parameters<typeof facts>[0]): string {
  const action = nextAction(facts(changes), now);
  switch (action.kind) {
    case 'ask':
    case 'cancel':
      return `${action.kind} ${action.order}`;
    case 'sell':
      return `sell ${action.quantity}`;
    case 'protect':
      return `protect ${action.quantity} at ${action.stop.price}`;
    case 'wait':
      return `wait ${action.until - now}`;
    case 'drop-wish':
      return `drop ${action.why}`;
    default:
      return action.kind;
  }
}

describe('the next thing to do for a lane', () => {
  it.each<[string, Parameters<typeof facts>[0], string]>([
    ['nothing, when nothing is held or wished', {}, 'none'],
    ['to ask for what is due', { orders: [order(1, { state: 'unknown' }, { askAt: now })] }, 'ask 1'],
    ['to wait until an unknown order is due', { orders: [order(1, { state: 'unknown' }, { askAt: now + 250 })] }, 'wait 250'],
    ['to enter', { wish: enter }, 'enter'],
    ['to protect what is held', { held: '2' }, 'protect 2 at 90'],
    ['nothing while the stop rests as it should', { held: '2', orders: [resting()] }, 'none'],
    ['to protect whole steps only', { held: '1.999' }, 'protect 1.99 at 90'],
  ])('is %s', (_, given, expected) => {
    expect(next(given)).toBe(expected);
  });

  describe('protection', () => {
    it('is replaced when the quantity or the level has changed: taken away, confirmed, placed anew', () => {
      expect(next({ held: '3', orders: [resting()] })).toBe('cancel 9');
      expect(next({ held: '2', orders: [resting('2', 85)] })).toBe('cancel 9');
      const asked = order(
        9,
        { role: 'protection', kind: 'stop', quantity: new Big(2), stopPrice: new Big(85) },
        { isCancelAsked: true, askAt: now + 5 },
      );
      expect(next({ held: '2', orders: [asked] })).toBe('wait 5');
      expect(next({ held: '2' })).toBe('protect 2 at 90');
    });

    it('stays, when what is held has become worth less than the market would take', () => {
      expect(next({ held: '2', price: 2, orders: [resting()] })).toBe('none');
    });

    it('of which it is not known whether it rests is asked for, and not doubled', () => {
      const unknown = order(
        9,
        { role: 'protection', state: 'unknown', kind: 'stop', quantity: new Big(2), stopPrice: new Big(90) },
        { askAt: now + 9 },
      );
      expect(next({ held: '2', orders: [unknown] })).toBe('wait 9');
    });

    it('that comes too late is a sale', () => {
      expect(next({ held: '2', price: 90 })).toBe('give-up');
    });

    it('goes before an entry', () => {
      expect(next({ held: '2', wish: enter })).toBe('protect 2 at 90');
    });

    it('is not placed while a sale of the same holding may still fill', () => {
      expect(
        next({ held: '2', orders: [order(3, { role: 'exit', state: 'unknown', kind: 'market' }, { askAt: now + 7 })] }),
      ).toBe('wait 7');
    });

    it('waits for nothing but its own next try after a failure', () => {
      expect(next({ held: '2', retryAt: now + 500 })).toBe('wait 500');
    });
  });

  describe('an exit', () => {
    it('takes the stop away first, waits for its end, and then sells', () => {
      expect(next({ held: '2', wish: exit, orders: [resting()] })).toBe('cancel 9');
      const ending = order(9, { role: 'protection', kind: 'stop', state: 'open' }, { isCancelAsked: true, askAt: now + 3 });
      expect(next({ held: '2', wish: exit, orders: [ending] })).toBe('wait 3');
      expect(next({ held: '2', wish: exit })).toBe('sell 2');
    });

    it('takes a resting entry back before anything else', () => {
      expect(next({ held: '2', wish: exit, orders: [order(4, {}), resting()] })).toBe('cancel 4');
    });

    it('does not wait for an entry of which nothing is known', () => {
      expect(next({ held: '2', wish: exit, orders: [order(4, { state: 'unknown' }, { askAt: now + 50 })] })).toBe('sell 2');
    });

    it('is over when nothing is left, and notes what is too small to sell', () => {
      expect(next({ wish: exit })).toBe('drop done');
      expect(next({ held: '0.009', wish: exit })).toBe('note-dust');
    });

    it('is not over while an order may still bring something', () => {
      expect(next({ wish: exit, orders: [order(4, { state: 'unknown' }, { askAt: now + 50 })] })).toBe('wait 50');
    });

    it('does not wait for what was given up, and is not over while that may still bring something', () => {
      const lost = order(9, { role: 'protection', kind: 'stop' }, { isCancelAsked: true, askAt: now + 3 });
      const given = { wish: exit, orders: [lost], givenUp: new Set([9]) };
      expect(next({ ...given, held: '2' })).toBe('sell 2');
      expect(next({ ...given, held: '2', there: new Big('0.5') })).toBe('sell 0.5');
      expect(next({ ...given, held: '2', there: new Big(0) })).toBe('wait 3');
    });

    it('that was refused leaves its place to protection until it is tried again', () => {
      expect(next({ held: '2', wish: exit, saleRetryAt: now + 5_000 })).toBe('protect 2 at 90');
      expect(next({ held: '2', wish: exit, saleRetryAt: now + 5_000, orders: [resting()] })).toBe('wait 5000');
      expect(next({ held: '2', wish: exit, saleRetryAt: now, orders: [resting()] })).toBe('cancel 9');
    });

    it('that finds no buyer below its stop leaves a stop still further below, until it is tried again', () => {
      expect(next({ held: '2', wish: exit, price: 80, saleRetryAt: now + 5_000 })).toBe('protect 2 at 78.4');
      expect(next({ held: '2', wish: exit, price: 80, saleRetryAt: now + 5_000, orders: [resting('2', 78.4)] })).toBe(
        'wait 5000',
      );
    });

    it('passes a halt, and sells no more of a frozen symbol than is there', () => {
      expect(next({ held: '2', wish: exit, entries: 'withdrawn' })).toBe('sell 2');
      expect(next({ held: '2', wish: exit, entries: 'withdrawn', there: new Big('1.5') })).toBe('sell 1.5');
      expect(next({ held: '2', wish: exit, entries: 'withdrawn', there: new Big(0) })).toBe('none');
    });

    it('of a part leaves the rest, to be protected again', () => {
      const reduce: Wish = { ...exit, downTo: new Big('1.5') };
      expect(next({ held: '2', wish: reduce })).toBe('sell 0.5');
      expect(next({ held: '1.5', wish: reduce })).toBe('drop done');
      expect(next({ held: '1.5' })).toBe('protect 1.5 at 90');
    });
  });

  describe('an entry', () => {
    it('is withdrawn by a halt, and stands under a pause', () => {
      expect(next({ orders: [order(1, {})], entries: 'withdrawn' })).toBe('cancel 1');
      expect(next({ orders: [order(1, {})], entries: 'stands' })).toBe('none');
      expect(next({ wish: enter, entries: 'withdrawn' })).toBe('drop withdrawn');
      expect(next({ wish: enter, entries: 'stands' })).toBe('drop withdrawn');
    });

    it('gives way to the one that replaces it', () => {
      expect(next({ wish: enter, orders: [order(1, {})] })).toBe('cancel 1');
      expect(next({ wish: enter, orders: [order(1, {}, { isCancelAsked: true, askAt: now + 3 })] })).toBe('wait 3');
    });

    it('ends when its time is over', () => {
      expect(next({ orders: [order(1, {}, { terms: { expiresAt: now + 70 } })] })).toBe('wait 70');
      expect(next({ orders: [order(1, {}, { terms: { expiresAt: now } })] })).toBe('cancel 1');
      expect(next({ wish: { ...enter, until: now } })).toBe('drop expired');
    });

    it('waits for the money of sales, and is dropped where none comes', () => {
      expect(next({ wish: enter, cash: 'coming' })).toBe('wait 60000');
      expect(next({ wish: enter, cash: 'missing' })).toBe('drop no-free-cash');
    });

    it('never goes out while another may be on its way', () => {
      expect(next({ wish: enter, orders: [order(1, { state: 'unknown' }, { askAt: now + 9 })] })).toBe('wait 9');
    });
  });
});
