import { describe, expect, it } from 'vitest';
import { clientOrderId, isOurs } from '#engine/trading/client-order-id.ts';

const intention = {
  account: 'kraken-1',
  strategy: 'ema',
  symbol: 'BTC/USD',
  instant: 1_767_225_600_000,
  role: 'entry',
  attempt: 0,
} as const;

describe('a client order id', () => {
  it('is eighteen characters that every venue takes', () => {
    expect(clientOrderId(intention)).toMatch(/^r[a-z2-7]{17}$/);
    expect(isOurs(clientOrderId(intention))).toBe(true);
  });

  it('is the same for the same intention, and another for any other', () => {
    const others = [
      { account: 'kraken-2' },
      { strategy: 'ema2' },
      { symbol: 'ETH/USD' },
      { instant: intention.instant + 1 },
      { role: 'exit' as const },
      { attempt: 1 },
    ].map((change) => clientOrderId({ ...intention, ...change }));
    expect(clientOrderId({ ...intention })).toBe(clientOrderId(intention));
    expect(new Set([clientOrderId(intention), ...others]).size).toBe(others.length + 1);
  });

  it('cannot be put together from parts in two ways', () => {
    const one = clientOrderId({ ...intention, strategy: 'a', symbol: 'b/c' });
    expect(clientOrderId({ ...intention, strategy: 'a","b', symbol: 'c' })).not.toBe(one);
  });

  it.each([null, '', 'x-HNA2TXFJ1234', 'r', 'rABCDEFGHIJKLMNOPQ', `r${'a'.repeat(18)}`])('knows that %j is not ours', (id) => {
    expect(isOurs(id)).toBe(false);
  });
});
