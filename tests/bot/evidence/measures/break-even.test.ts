import { describe, expect, it } from 'vitest';
import { breakEven, dearer } from '#bot/evidence/measures/break-even.ts';
import { RULES, subjectWith } from './landscape.ts';

const MARKETS = { 'BTC/USDT': RULES };
/** Earns `free` when trading costs nothing, and loses `price` for each time the assumed fee. */
const earning = (free: number, price: number) =>
  subjectWith(({ markets }) => free - (price * markets!['BTC/USDT']!.takerFeeRate) / RULES.takerFeeRate);

describe('the costs at which nothing is left', () => {
  it('are found to a sixteenth, on the side that still earns', async () => {
    expect(await breakEven(earning(0.1, 0.04), MARKETS)).toEqual({ outcome: 'found', multiplier: 2.4375 });
  });

  it('do not exist for what loses when trading is free', async () => {
    expect(await breakEven(earning(0, 0.04), MARKETS)).toEqual({ outcome: 'never-earns' });
    expect(await breakEven(earning(-0.1, 0.04), MARKETS)).toEqual({ outcome: 'never-earns' });
  });

  it('lie beyond what is tried for what hardly trades', async () => {
    expect(await breakEven(earning(0.1, 0.0001), MARKETS)).toEqual({ outcome: 'beyond', multiplier: 16 });
  });

  it('are not looked for where half the price goes to the market', async () => {
    const dear = { 'BTC/USDT': { ...RULES, takerFeeRate: 0.1 } };
    const subject = subjectWith(() => 1);
    expect(await breakEven(subject, dear)).toMatchObject({ outcome: 'beyond', multiplier: 4.9375 });
  });

  it('are looked for with ten runs at most', async () => {
    const subject = earning(0.1, 0.04);
    await breakEven(subject, MARKETS);
    expect(subject.asked.length).toBeLessThanOrEqual(10);
  });

  it('multiply fees, spread and slippage, and nothing else', () => {
    expect(dearer(MARKETS, 3)['BTC/USDT']).toEqual({
      ...RULES,
      makerFeeRate: 0.003,
      takerFeeRate: 0.003,
      halfSpreadRate: 0.0015,
      slippageRate: 0.0015,
    });
  });
});
