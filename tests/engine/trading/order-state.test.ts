import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import type { FoldedOrder } from '#engine/store/journal/order-journal.ts';
import { afterEvent, isNews, NEVER_ARRIVED, type OrderEvent, UNBORN } from '#engine/trading/order-state.ts';

const ten = new Big(10);
const intended: OrderEvent = { kind: 'intended' };
const lost: OrderEvent = { kind: 'lost', why: 'timeout' };
const taken: OrderEvent = { kind: 'taken', venueOrderId: '7' };
const fill = (quantity: string, fillId = quantity): OrderEvent => ({ kind: 'fill', fillId, quantity });
const seen = (state: 'open' | 'filled' | 'cancelled' | 'expired', filled: string): OrderEvent => ({
  kind: 'seen',
  venueOrderId: '7',
  state,
  filled,
});

function after(...events: OrderEvent[]): FoldedOrder {
  return [intended, ...events].reduce((order, event) => (isNews(order, event) ? afterEvent(order, event, ten) : order), UNBORN);
}

const summary = ({ state, filled, isFinal }: FoldedOrder) => `${state} ${filled}${isFinal ? ' final' : ''}`;

describe('an order, folded from its events', () => {
  it.each<[string, OrderEvent[], string]>([
    ['is pending before anything is known', [], 'pending 0'],
    ['is unknown when no answer came', [lost], 'unknown 0'],
    ['is open when the venue took it', [taken], 'open 0'],
    ['is open when it is found after all', [lost, seen('open', '0')], 'open 0'],
    ['is partial with its first fill', [taken, fill('4')], 'partial 4'],
    ['is filled with its last', [taken, fill('4'), fill('6')], 'filled 10 final'],
    ['is rejected when the venue says no', [{ kind: 'refused', why: 'no' }], 'rejected 0 final'],
    ['is rejected when it never arrived', [lost, { kind: 'refused', why: NEVER_ARRIVED }], 'rejected 0 final'],
    ['is cancelled with what it had filled', [taken, fill('4'), seen('cancelled', '4')], 'cancelled 4 final'],
    ['is expired without a fill', [taken, seen('expired', '0')], 'expired 0 final'],
    ['was filled before its own answer came', [fill('10')], 'filled 10 final'],
  ])('%s', (_, events, expected) => {
    expect(summary(after(...events))).toBe(expected);
  });

  it('has filled what its fills add up to, whatever its status says, and is not final before they agree', () => {
    expect(summary(after(taken, seen('filled', '10')))).toBe('filled 0');
    expect(summary(after(taken, seen('filled', '10'), fill('4')))).toBe('filled 4');
    expect(summary(after(taken, seen('filled', '10'), fill('4'), fill('6')))).toBe('filled 10 final');
    expect(summary(after(taken, seen('cancelled', '4')))).toBe('cancelled 0');
    expect(summary(after(taken, seen('cancelled', '4'), fill('4')))).toBe('cancelled 4 final');
  });

  it('that a person has given up has ended with what its fills say, counts one that comes late, and lives again where it is seen open', () => {
    const gone: OrderEvent = { kind: 'written-off', why: 'ann: lost' };
    const given = after(taken, fill('4'), gone);
    expect(summary(given)).toBe('cancelled 4 final');
    expect(summary(after(taken, fill('4'), seen('filled', '10'), gone))).toBe('cancelled 4 final');
    expect(summary(after(taken, fill('4'), gone, fill('3')))).toBe('cancelled 7 final');
    expect(summary(after(taken, fill('4'), gone, fill('6')))).toBe('filled 10 final');
    expect(summary(after(taken, fill('4'), gone, seen('open', '4')))).toBe('partial 4');
    expect(() => after(taken, fill('10'), gone)).toThrow(/cannot meet/);
  });

  it('cannot be seen with less than nothing filled', () => {
    expect(() => after(taken, seen('cancelled', '-1'))).toThrow(/cannot meet/);
    expect(() => after(taken, seen('cancelled', 'NaN'))).toThrow(/cannot meet/);
  });

  it('is not moved by news that come twice, late or in the wrong order', () => {
    const done = after(taken, fill('10'));
    for (const late of [seen('open', '0'), seen('open', '4'), seen('cancelled', '4'), seen('filled', '10')]) {
      expect(isNews(done, late)).toBe(false);
    }
    const cancelled = after(taken, seen('cancelled', '4'));
    expect(afterEvent(cancelled, seen('open', '4'), ten)).toBe(cancelled);
    expect(isNews(after(taken), seen('open', '0'))).toBe(false);
  });

  it('lives when it was given up as never arrived, and is at the venue after all', () => {
    const dead = after(lost, { kind: 'refused', why: NEVER_ARRIVED });
    expect(isNews(dead, seen('open', '0'))).toBe(true);
    expect(summary(afterEvent(dead, seen('open', '0'), ten))).toBe('open 0');
    expect(summary(afterEvent(dead, seen('filled', '10'), ten))).toBe('filled 0');
  });

  it.each<[string, OrderEvent[], OrderEvent]>([
    ['more fills than were ordered', [taken, fill('8')], fill('3')],
    ['a refusal of what has filled', [fill('4')], { kind: 'refused', why: 'no' }],
    ['a refusal of what is open', [taken], { kind: 'refused', why: 'no' }],
    ['a second name at the venue', [taken], { kind: 'taken', venueOrderId: '8' }],
    ['an answer lost after it came', [taken], lost],
    ['a second intention', [taken], intended],
    ['a status that says more than was ordered', [taken], seen('filled', '11')],
  ])('refuses %s', (_, events, event) => {
    expect(() => afterEvent(after(...events), event, ten)).toThrowError(expect.objectContaining({ code: 'trading/transition' }));
  });
});
