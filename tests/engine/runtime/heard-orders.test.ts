import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Control } from '#engine/runtime/control.ts';
import { HeardOrders, type OrderPlace } from '#engine/runtime/heard-orders.ts';
import { EngineStore } from '#engine/store/engine-store.ts';

let dir: string;
let store: EngineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-heard-'));
  store = EngineStore.open(dir);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const now = () => Date.UTC(2026, 2, 1, 13);

const order = (mode: Control['mode'], at: string): string =>
  JSON.stringify({ mode, by: 'alice', at: `2026-03-01T${at}:00.000Z`, reason: '' });

/** Hears and, where it is news, obeys. */
function tell(orders: HeardOrders, place: OrderPlace, text: string): string {
  const heard = orders.hear(place, text);
  if (heard.ok && heard.isNews) {
    orders.write(place, text, heard.control);
    orders.take(place, text, heard.control);
  }
  return orders.obeyed.mode;
}

describe('of two places that give orders', () => {
  it('the one that spoke last is obeyed, and an old word that still stands is no news', () => {
    const orders = new HeardOrders(store, now);
    expect(tell(orders, 'branch', order('paused', '10:00'))).toBe('paused');
    expect(tell(orders, 'here', order('halted', '11:00'))).toBe('halted');
    expect(tell(orders, 'branch', order('paused', '10:00'))).toBe('halted');
    expect(tell(new HeardOrders(store, now), 'branch', order('paused', '10:00'))).toBe('halted');
    expect(tell(orders, 'branch', order('active', '12:00'))).toBe('active');
  });

  it('neither ends what holds back by a word from before it, which may come late, but may hold back further by it', () => {
    const orders = new HeardOrders(store, now);
    expect(tell(orders, 'here', order('paused', '12:00'))).toBe('paused');
    expect(tell(orders, 'branch', order('active', '11:00'))).toBe('paused');
    expect(tell(new HeardOrders(store, now), 'branch', order('active', '11:00'))).toBe('paused');
    expect(tell(orders, 'branch', order('halted', '11:30'))).toBe('halted');
    expect(tell(orders, 'branch', order('active', '11:45'))).toBe('halted');
    expect(tell(orders, 'branch', order('active', '12:01'))).toBe('active');
    expect(tell(orders, 'here', order('flattening', '12:30'))).toBe('flattening');
    expect(tell(orders, 'branch', order('active', '12:29'))).toBe('flattening');
    expect(tell(orders, 'branch', order('active', '12:31'))).toBe('active');
  });

  it('none speaks from the future: what it says there counts as said now, and does not stand above what is said later', () => {
    const orders = new HeardOrders(store, now);
    const ahead = JSON.stringify({ mode: 'active', by: 'alice', at: '9999-12-31T00:00:00.000Z', reason: '' });
    tell(orders, 'branch', ahead);
    expect(orders.obeyed.at).toBe('2026-03-01T13:00:00.000Z');
    expect(new HeardOrders(store, now).obeyed.at).toBe('2026-03-01T13:00:00.000Z');
    expect(orders.hear('branch', ahead)).toMatchObject({ isNews: false });
  });

  it.each<OrderPlace>(['branch', 'here'])(
    'a halt that is dated ahead is answered by what is said after it was heard (%s), after a restart too',
    (place) => {
      let at = now();
      const clock = () => at;
      const orders = new HeardOrders(store, clock);
      const ahead = JSON.stringify({ mode: 'halted', by: 'alice', at: '2026-03-02T13:00:00.000Z', reason: '' });
      expect(tell(orders, 'branch', ahead)).toBe('halted');
      at += 3_600_000;
      const again = new HeardOrders(store, clock);
      for (const each of [orders, again]) {
        expect(tell(each, place === 'branch' ? 'here' : 'branch', order('active', '12:59'))).toBe('halted');
        expect(each.hear(place, order('active', '13:30'))).toMatchObject({ isNews: true });
      }
      expect(tell(again, place, order('active', '13:30'))).toBe('active');
    },
  );

  it('one that was heard before its date was kept counts, at the latest, as given when what is obeyed was', () => {
    const ahead = JSON.stringify({ mode: 'halted', by: 'alice', at: '2026-03-02T13:00:00.000Z', reason: '' });
    store.setMeta('heard-branch', ahead);
    store.setMeta('control', order('halted', '11:00'));
    expect(tell(new HeardOrders(store, now), 'here', order('active', '12:00'))).toBe('active');
  });
});
