import { describe, expect, it } from 'vitest';
import { backtestWish } from '#bot/commands/tasks/backtest-wish.ts';

describe('what a /backtest asks for', () => {
  it('is read from its words: days whole, costs as ratios, the rest parameters', () => {
    expect(backtestWish(['from=2024-01-01', 'to=2024-01-31', 'fee-rate=0.002', 'fast=12', 'delay=1', 'strategy=trend'])).toEqual({
      strategy: 'trend',
      from: Date.UTC(2024, 0, 1),
      to: Date.UTC(2024, 1, 1),
      feeRate: 0.002,
      slippageRate: null,
      delayBars: 1,
      parameters: { fast: 12 },
    });
  });

  it('is nothing special without words', () => {
    expect(backtestWish([])).toMatchObject({ strategy: undefined, from: null, to: null, delayBars: 0, parameters: {} });
  });

  it.each([
    [['fast'], 'not key=value'],
    [['fast='], 'not key=value'],
    [['fast=12', 'fast=13'], 'says fast twice'],
    [['fast=twelve'], 'fast is no number'],
    [['fast=Infinity'], 'fast is no number'],
    [['fast=NaN'], 'fast is no number'],
    [['from=2024-02-30'], 'from is no day'],
    [['to=yesterday'], 'to is no day'],
    [['fee-rate=-0.1'], 'fee-rate is no ratio'],
    [['slippage=1'], 'slippage is no ratio'],
    [['delay=1.5'], 'delay is no number of bars'],
    [['$(reboot)=1'], 'not key=value'],
    [Array.from({ length: 31 }, (_, index) => `p${index}=1`), '31 words'],
  ])('%j is refused in one sentence', (words, sentence) => {
    expect(() => backtestWish(words)).toThrow(sentence);
  });

  it('keeps a parameter whatever it is called', () => {
    expect(Object.entries(backtestWish(['constructor=1']).parameters)).toEqual([['constructor', 1]]);
  });
});
