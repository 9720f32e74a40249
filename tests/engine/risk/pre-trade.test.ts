import { describe, expect, it } from 'vitest';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import { DENIALS } from '#engine/risk/denial.ts';
import { checkEntryAllowed, checkIntent, checkSize } from '#engine/risk/pre-trade.ts';

describe('what an intent says is judged before anything is bought', () => {
  const target = (part: Partial<Intent>): Intent => ({ ...createIntent(), action: 'target', weight: 0.5, ...part });
  const limit = (part: Partial<Intent>): Intent => target({ action: 'limit', price: 100, ...part });

  it.each([
    ['a weight that is no number', target({ weight: Number.NaN }), 'not-finite'],
    ['a weight without end', target({ weight: Number.POSITIVE_INFINITY }), 'not-finite'],
    ['a debt', target({ weight: 1.01 }), 'weight-out-of-bounds'],
    ['a short sale', target({ weight: -0.01 }), 'weight-out-of-bounds'],
    ['a limit for nothing', limit({ price: 0 }), 'price-out-of-bounds'],
    ['a limit at no price', limit({ price: Number.NaN }), 'not-finite'],
    ['a stop above the price', target({ stopLoss: -0.02 }), 'protection-out-of-bounds'],
    ['a stop at zero distance', target({ stopLoss: 0 }), 'protection-out-of-bounds'],
    ['a stop below zero', target({ stopLoss: 1 }), 'protection-out-of-bounds'],
    ['a stop that was given as NaN', target({ stopLoss: Number.NEGATIVE_INFINITY }), 'protection-out-of-bounds'],
    ['half a bar of horizon', target({ horizonBars: 0.5 }), 'protection-out-of-bounds'],
    ['an expiry of no bars', limit({ expiryBars: 0 }), 'protection-out-of-bounds'],
    ['a tolerance below zero', target({ slippageTolerance: -0.1 }), 'protection-out-of-bounds'],
  ] as const)('%s is denied', (_name, intent, code) => {
    expect(checkIntent(intent)).toBe(code);
  });

  it.each([
    ['a plain target', target({})],
    ['nothing', target({ weight: 0 })],
    ['everything', target({ weight: 1, stopLoss: 0.5, takeProfit: 3, trailingStop: 0.2, slippageTolerance: 0, horizonBars: 1 })],
    ['a limit', limit({ expiryBars: 24 })],
    ['an exit, whatever stands in the numbers', { ...target({ weight: Number.NaN }), action: 'exit' } as Intent],
    ['a hold', { ...target({ stopLoss: -1 }), action: 'hold' } as Intent],
  ] as const)('%s passes', (_name, intent) => {
    expect(checkIntent(intent)).toBeNull();
  });
});

describe('entries', () => {
  it('are allowed only when nothing is halted', () => {
    const modes = ['active', 'paused', 'reducing', 'halted', 'breach'] as const;
    expect(modes.map(checkEntryAllowed)).toEqual([null, 'paused', 'reducing', 'halted', 'breach']);
  });

  it('meet the market’s minima', () => {
    const market = { minQuantity: 0.01, minNotional: 5 };
    expect([
      checkSize(0.01, 500, market),
      checkSize(0.009, 1000, market),
      checkSize(0.01, 499, market),
      checkSize(0, 1e9, market),
    ]).toEqual([null, 'below-minimum', 'below-minimum', 'below-minimum']);
  });
});

it('every denial says in a sentence what it means', () => {
  for (const [code, sentence] of Object.entries(DENIALS)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
