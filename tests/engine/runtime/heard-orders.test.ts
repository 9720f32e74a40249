import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Control, RESTORER } from '#engine/runtime/control.ts';
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

const order = (mode: Control['mode'], at: string, by = 'alice'): string =>
  JSON.stringify({ mode, by, at: `2026-03-01T${at}:00.000Z`, reason: '' });

/** Hears and, where it is news, obeys. */
function tell(orders: HeardOrders, place: OrderPlace, text: string): string {
  const heard = orders.hear(place, text);
  if (heard.ok && heard.isNews) orders.obey(place, text, heard.control);
  return orders.obeyed.mode;
}

describe('of two places that give orders', () => {
  it('the one that spoke last is obeyed, and an old word that still stands is no news', () => {
    const orders = new HeardOrders(store);
    expect(tell(orders, 'branch', order('paused', '10:00'))).toBe('paused');
    expect(tell(orders, 'here', order('halted', '11:00'))).toBe('halted');
    expect(tell(orders, 'branch', order('paused', '10:00'))).toBe('halted');
    expect(tell(new HeardOrders(store), 'branch', order('paused', '10:00'))).toBe('halted');
    expect(tell(orders, 'branch', order('active', '12:00'))).toBe('active');
  });

  it('neither ends what a restore holds back by what was said before it', () => {
    const orders = new HeardOrders(store);
    expect(tell(orders, 'here', order('paused', '12:00', RESTORER))).toBe('paused');
    expect(tell(orders, 'branch', order('active', '11:00'))).toBe('paused');
    expect(tell(new HeardOrders(store), 'branch', order('active', '11:00'))).toBe('paused');
    expect(tell(orders, 'branch', order('active', '12:01'))).toBe('active');
  });
});
