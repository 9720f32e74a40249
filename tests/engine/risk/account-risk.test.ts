import { describe, expect, it } from 'vitest';
import { AccountRisk, accountMarked, accountTold, newAccountRisk } from '#engine/risk/account-risk.ts';
import { standingOf } from '#engine/risk/risk-ledger.ts';
import { ACTIVE, type HaltEvent, haltAfter, haltStateOf, strictest, type TradingHalt } from '#engine/risk/trading-halt.ts';
import fc from '#tests/support/properties.ts';
import { limits } from './order-facts.ts';

const start = Date.UTC(2026, 2, 10, 12);
const said = (mode: 'active' | 'reducing' | 'halted', at: number) =>
  ({ kind: 'said', mode, at, by: 'ann', reason: 'because' }) as const;
const flatten = (at: number) => ({ kind: 'flatten', at, by: 'ann', reason: 'out' }) as const;
const closed = (at: number) => ({ kind: 'confirmed-closed', at }) as const;
const breach = (at: number) => ({ kind: 'breach', limit: 'drawdown', at, reason: 'it fell' }) as const;
const told = (events: readonly HaltEvent[], from: TradingHalt = ACTIVE) => events.reduce(haltAfter, from);
const marked = (values: readonly number[], risk = newAccountRisk) =>
  values.reduce((sum, value, index) => accountMarked(sum, { time: start + index, value }, limits), risk);

describe('a limit of the whole account', () => {
  it('halts it when it is passed, not when it is met exactly', () => {
    expect(marked([1_000, 950]).halt).toEqual(ACTIVE);
    expect(marked([1_000, 949.9]).halt).toEqual({
      mode: 'halted',
      cause: 'daily-loss',
      since: start + 1,
      by: 'ratchet',
      reason: 'the account lost 5.01% in a day (from 1000.00 to 949.90), 5% is allowed',
    });
    const slow = accountMarked(marked([1_000]), { time: start + 86_400_000, value: 799 }, { ...limits, dailyLoss: 1 });
    expect(slow.halt).toMatchObject({
      cause: 'drawdown',
      reason: 'the account fell by 20.1% of its highest equity (from 1000.00 to 799.00), 20% is allowed',
    });
  });

  it('stays passed when the account recovers, over midnight, and over any restart', () => {
    const halted = marked([1_000, 900]);
    const restarted = AccountRisk.parse(JSON.parse(JSON.stringify(halted)));
    const later = accountMarked(restarted, { time: start + 3 * 86_400_000, value: 2_000 }, limits);
    expect(later.halt).toEqual(halted.halt);
  });

  it('is lifted by a person who says so after it was passed, and everything counts from then on', () => {
    const halted = marked([1_000, 900]);
    expect(accountTold(halted, said('active', start + 1)).halt).toEqual(halted.halt);
    const lifted = accountTold(halted, said('active', start + 2));
    expect(lifted.halt).toEqual(ACTIVE);
    expect(standingOf(lifted.ledger, { strategy: 'a', symbol: 'b', now: start + 2 }, limits)).toMatchObject({
      dailyLoss: 0,
      drawdown: 0,
    });
    expect(accountMarked(lifted, { time: start + 3, value: 890 }, limits).halt).toEqual(ACTIVE);
  });

  it('is not lifted by an order that is told again after a restart', () => {
    const order = said('active', start + 500);
    const early = accountTold(marked([1_000]), order);
    const halted = accountMarked(early, { time: start + 400, value: 900 }, limits);
    expect(halted.halt.mode).toBe('halted');
    expect(accountTold(halted, order)).toBe(halted);
  });
});

describe('a flatten', () => {
  it('ends when the positions are confirmed closed, by a question that was asked after it began', () => {
    const flattening = told([flatten(start)]);
    expect(haltStateOf(flattening)).toBe('halted');
    expect(told([closed(start)], flattening)).toBe(flattening);
    expect(told([closed(start + 1)], flattening)).toEqual(ACTIVE);
  });

  it('gives way to what held the account back before, or came meanwhile', () => {
    expect(told([breach(start), flatten(start + 1), closed(start + 2)])).toMatchObject({ mode: 'halted', cause: 'drawdown' });
    expect(told([flatten(start), breach(start + 1), closed(start + 2)])).toMatchObject({ mode: 'halted', cause: 'drawdown' });
    expect(told([flatten(start), said('reducing', start + 1), closed(start + 2)])).toMatchObject({ mode: 'reducing' });
  });

  it('is called off by a person who says active', () => {
    expect(told([flatten(start), said('active', start)])).toMatchObject({ mode: 'flattening' });
    expect(told([flatten(start), said('active', start + 1)])).toEqual(ACTIVE);
    expect(told([flatten(start), breach(start + 5), said('active', start + 3)])).toMatchObject({ mode: 'flattening' });
  });
});

describe('an account that is held back', () => {
  const event: fc.Arbitrary<HaltEvent> = fc
    .record({
      of: fc.constantFrom('breach', 'flatten', 'confirmed-closed', 'reducing', 'halted'),
      at: fc.integer({ min: 0, max: 50 }),
    })
    .map(({ of, at }) => {
      if (of === 'breach') return breach(at);
      if (of === 'flatten') return flatten(at);
      return of === 'confirmed-closed' ? closed(at) : said(of as 'reducing' | 'halted', at);
    });

  it('opens nothing before a person says active, whatever happens, but for a flatten that has ended', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const halt = told([breach(0), ...events]);
        expect(haltStateOf(halt)).not.toBe('active');
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const isHeldBack = events.some(({ kind }) => kind === 'breach' || kind === 'said');
        if (isHeldBack) expect(haltStateOf(told(events))).not.toBe('active');
      }),
    );
  });

  it('stands the same after it was written down', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const risk = events.reduce(accountTold, newAccountRisk);
        expect(AccountRisk.parse(JSON.parse(JSON.stringify(risk)))).toEqual(risk);
      }),
    );
  });

  it('is held back by whatever holds back most', () => {
    expect(strictest(['active', 'active'])).toBe('active');
    expect(strictest(['active', 'paused', 'breach'])).toBe('breach');
    expect(strictest(['halted', 'reducing', 'active'])).toBe('reducing');
  });
});
