import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import type { JournalFill, OrderRow } from '#engine/store/journal/journal-rows.ts';
import { afterDust, afterFill, FLAT, type Position } from '#engine/trading/position.ts';
import { type EntryTerms, NO_TERMS } from '#engine/trading/terms.ts';

let fills = 0;

function fill(
  side: 'buy' | 'sell',
  quantity: string,
  price: string,
  fees: readonly [string, string, string?][] = [],
): JournalFill {
  fills += 1;
  return {
    id: fills,
    symbol: 'BTC/USD',
    fillId: String(fills),
    orderId: 1,
    side,
    quantity: new Big(quantity),
    price: new Big(price),
    isMaker: false,
    time: 1_000 + fills,
    recordedAt: 0,
    fees: fees.map(([asset, amount, worth]) => ({
      asset,
      amount: new Big(amount),
      quoteValue: worth === undefined ? null : new Big(worth),
    })),
  };
}

function order(cause: string, terms: Partial<EntryTerms> = {}, id = 1): OrderRow {
  return { id, cause, reason: cause, version: 'v', terms: JSON.stringify({ ...NO_TERMS, ...terms }) } as OrderRow;
}

const entry = order('entry', { stopLoss: 0.1, takeProfit: 0.2 });
const exit = order('decision');

const bought = (position: Position, ...rest: Parameters<typeof fill> extends [unknown, ...infer More] ? More : never) =>
  afterFill(position, fill('buy', ...rest), entry).position;

describe('a position, folded from its fills', () => {
  it('holds what was bought less what fees took of it, and has paid the rest in cash', () => {
    const position = bought(FLAT, '2', '100', [
      ['BTC', '0.002'],
      ['USD', '1'],
      ['BNB', '0.1', '0.5'],
    ]);
    expect([position.quantity, position.cash, position.cost, position.feesEver].map(String)).toEqual([
      '1.998',
      '-201.5',
      '200',
      '1.7',
    ]);
  });

  it('counts a fee of which nobody knows the worth with nothing, and records it all the same', () => {
    expect(bought(FLAT, '1', '100', [['BNB', '0.1']]).cash.toFixed()).toBe('-100');
  });

  it('has its stop and target below and above what its order has paid on average so far', () => {
    const once = bought(FLAT, '1', '100');
    expect([once.opened!.stopPrice, once.opened!.takePrice].map(String)).toEqual(['90', '120']);
    const twice = bought(once, '1', '110');
    expect([twice.opened!.stopPrice, twice.opened!.takePrice].map(String)).toEqual(['94.5', '126']);
  });

  it('keeps what another order does not name', () => {
    const { position } = afterFill(bought(FLAT, '1', '100'), fill('buy', '1', '200'), order('entry', {}, 2));
    expect([position.opened!.stopPrice, position.opened!.takePrice].map(String)).toEqual(['90', '120']);
  });

  it('has the stop that its order kept for the case that the position it was to be bought to is gone', () => {
    const { position } = afterFill(FLAT, fill('buy', '1', '100'), order('entry', { fallbackStop: 0.2 }));
    expect(String(position.opened!.stopPrice)).toBe('80');
  });

  it('closes with the fill that empties it', () => {
    const half = afterFill(bought(FLAT, '2', '100', [['USD', '1']]), fill('sell', '1', '110'), exit);
    expect([half.closed, half.position.cost.toFixed(), half.position.realised.toFixed()]).toEqual([null, '100', '10']);
    const { position, closed } = afterFill(half.position, fill('sell', '1', '120', [['USD', '2']]), exit);
    expect(position).toMatchObject({ isOpen: false, opened: null });
    expect([position.quantity, position.cash, position.realised].map(String)).toEqual(['0', '27', '30']);
    expect([closed!.opened.soldValue, closed!.opened.fees].map(String)).toEqual(['230', '3']);
    expect(closed!.exitCause).toBe('decision');
  });

  it('is over when what is left is dust, which is still there and has cost nothing more', () => {
    const last = fill('sell', '0.9', '110');
    const sold = afterFill(bought(FLAT, '1', '100'), last, exit).position;
    const { position, closed } = afterDust(sold, last, exit);
    expect(closed).not.toBe(null);
    expect([position.isOpen, position.quantity.toFixed(), position.cost.toFixed()]).toEqual([false, '0.1', '0']);
    expect([position.cash.toFixed(), position.realised.toFixed()]).toEqual(['-1', '-1']);
    const again = bought(position, '1', '100');
    expect([again.quantity.toFixed(), again.cost.toFixed()]).toEqual(['1.1', '100']);
  });
});
