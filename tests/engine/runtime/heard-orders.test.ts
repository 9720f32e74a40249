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
  if (heard.ok && heard.isNews) orders.obey(place, text, heard.control);
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
});
