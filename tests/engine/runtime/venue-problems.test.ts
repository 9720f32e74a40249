import { describe, expect, it } from 'vitest';
import { venueProblems } from '#engine/runtime/venue-problems.ts';
import type { TraderHealth } from '#engine/trading/trader-health.ts';

const now = Date.UTC(2026, 0, 2);
const venue = { name: 'kraken', account: 'kraken-4f2a', isRehearsal: false };
const well: TraderHealth = {
  isReady: true,
  isBroken: false,
  halt: { mode: 'active' },
  unknown: [],
  frozen: [],
  unprotected: [],
  openOrders: 1,
  openPositions: 0,
  reconciledAt: now,
  lookedAt: now,
  failure: null,
  deadMan: 'off',
  money: { shares: 0, own: null },
  clockOffset: { offsetMs: 1, uncertaintyMs: 1 },
};
const told = (health: Partial<TraderHealth>) => venueProblems({ ...well, ...health }, venue, now);

describe('what the engine says of its account at a venue', () => {
  it('is nothing while all is well, and while a person’s own halt holds', () => {
    expect(told({})).toEqual([]);
    expect(told({ halt: { mode: 'halted', cause: 'person', since: now, by: 'alice', reason: 'because' } })).toEqual([]);
  });

  it('is why it does not follow the venue', () => {
    expect(told({ failure: 'There is no line.' })).toMatchObject([
      { status: 'OutOfSync', code: 'venue', reason: 'kraken account kraken-4f2a: There is no line.' },
    ]);
    expect(told({ isReady: false })).toMatchObject([{ code: 'venue', reason: expect.stringContaining('not been looked at') }]);
    expect(told({ reconciledAt: now - 15 * 60_000 })).toEqual([]);
    expect(told({ reconciledAt: now - 15 * 60_000 - 1 })).toMatchObject([{ status: 'OutOfSync', code: 'venue' }]);
  });

  it('is what nobody can explain, with its code and its numbers', () => {
    const freeze = { id: 1, symbol: 'BTC/USD', at: now, code: 'balance', subject: 'BTC', message: '0.01 BTC too many' };
    expect(told({ frozen: [{ ...freeze, acceptedAt: null, acceptedReason: null }] })).toMatchObject([
      { status: 'Degraded', code: 'frozen', reason: 'BTC/USD is frozen (balance): 0.01 BTC too many' },
    ]);
  });

  it('is an order of which nothing was heard for a minute, and what is held without a stop', () => {
    const order = { clientOrderId: 'raaaaaaaaaaaaaaaaa', symbol: 'BTC/USD', role: 'entry' };
    expect(told({ unknown: [{ ...order, sentAt: now - 60_000 }] })).toEqual([]);
    expect(told({ unknown: [{ ...order, sentAt: now - 60_001 }] })).toMatchObject([
      { code: 'unknown-order', reason: expect.stringContaining('entry raaaaaaaaaaaaaaaaa of BTC/USD') },
    ]);
    expect(told({ unprotected: [{ strategy: 'trend', symbol: 'BTC/USD', quantity: '0.5' }] })).toMatchObject([
      { code: 'unprotected', reason: '0.5 BTC/USD of trend has no stop at the venue yet' },
    ]);
  });

  it('is a limit of the whole account, and a journal that could not be written', () => {
    const halt = { mode: 'halted', cause: 'drawdown', since: now, by: 'ratchet', reason: 'the account fell by 12%' } as const;
    expect(told({ halt })).toMatchObject([{ code: 'account-limit', reason: 'the account fell by 12%' }]);
    expect(told({ isBroken: true })).toMatchObject([{ status: 'Degraded', code: 'journal' }]);
  });
});
