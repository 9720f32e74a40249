import { describe, expect, it } from 'vitest';
import { RatchetError } from '#engine/errors.ts';
import { afterFailure, type KeyStanding, keyProblems, unaskedKey } from '#engine/runtime/key-standing.ts';
import { NakedPositions } from '#engine/runtime/naked-positions.ts';
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
  unpriced: [],
  openOrders: 1,
  openPositions: 0,
  reconciledAt: now,
  lookedAt: now,
  failure: null,
  deadMan: { state: 'off' },
  money: { shares: 0, own: null },
  clockOffset: { offsetMs: 1, uncertaintyMs: 1 },
};
const told = (health: Partial<Parameters<typeof venueProblems>[0]>) =>
  venueProblems({ ...well, unprotected: [], ...health }, venue, now);

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

  it('is what is held without a price, and what it counts with', () => {
    const held = { strategy: 'trend', symbol: 'ETH/USD', quantity: '0.5' };
    expect(told({ unpriced: [{ ...held, price: 1234.5 }] })).toEqual([
      {
        status: 'Degraded',
        code: 'unpriced',
        reason: 'kraken has no price of the 0.5 ETH/USD of trend now: it counts with the last known, 1234.5',
      },
    ]);
    expect(told({ unpriced: [{ ...held, price: null }] })).toMatchObject([{ reason: expect.stringContaining('none is known') }]);
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
    const held = { strategy: 'trend', symbol: 'BTC/USD', quantity: '0.5' };
    expect(told({ unprotected: [{ ...held, since: now - 60_000 }] })).toMatchObject([
      { code: 'unprotected', reason: '0.5 BTC/USD of trend has no stop at the venue since 2026-01-01T23:59:00.000Z' },
    ]);
  });

  it('is nothing of a stop that is on its way, or is being replaced', () => {
    const naked = new NakedPositions();
    const [bitcoin, ether] = ['BTC/USD', 'ETH/USD'].map((symbol) => ({ strategy: 'trend', symbol, quantity: '1' }));
    expect(naked.lasting([bitcoin!], now)).toEqual([]);
    expect(naked.lasting([{ ...bitcoin!, quantity: '2' }, ether!], now + 9_999)).toEqual([]);
    expect(naked.lasting([bitcoin!, ether!], now + 10_000)).toEqual([{ ...bitcoin, since: now }]);
    expect(naked.lasting([ether!], now + 20_000)).toEqual([{ ...ether, since: now + 9_999 }]);
    expect(naked.lasting([bitcoin!], now + 30_000)).toEqual([]);
  });

  it('is a limit of the whole account, and a journal that could not be written', () => {
    const halt = { mode: 'halted', cause: 'drawdown', since: now, by: 'ratchet', reason: 'the account fell by 12%' } as const;
    expect(told({ halt })).toMatchObject([{ code: 'account-limit', reason: 'the account fell by 12%' }]);
    expect(told({ isBroken: true })).toMatchObject([{ status: 'Degraded', code: 'journal' }]);
  });
});

describe('what the engine says of its key', () => {
  it('is that it is refused, or that nobody knows whether it may withdraw, and nothing of a good one or a broken line', () => {
    const about = (key: KeyStanding) => keyProblems(key, venue).map(({ status, code }) => `${status} ${code}`);
    const good = { refusal: null, rights: { canTrade: true, canWithdraw: false } };
    expect(about(unaskedKey)).toEqual([]);
    expect(about(good)).toEqual([]);
    expect(about({ ...good, rights: { canTrade: null, canWithdraw: null } })).toEqual(['Degraded key-unknown']);
    const refused = new RatchetError('venue/key-may-withdraw', 'This key may withdraw.', 'Make another.');
    expect(about(afterFailure(good, refused))).toEqual(['Degraded key-refused']);
    expect(afterFailure(good, new Error('There is no line.'))).toBe(good);
  });
});
