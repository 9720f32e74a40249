import { describe, expect, it } from 'vitest';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import { intentTrace } from '#engine/risk/intent-trace.ts';
import { checkIntent } from '#engine/risk/pre-trade.ts';

const target = (part: Partial<Intent> = {}): Intent => ({ ...createIntent(), action: 'target', weight: 0.5, ...part });
const traced = (intent: Intent) => intentTrace(intent, checkIntent(intent), 'active');

describe('what a decision was asked', () => {
  it('is told with the numbers it gave', () => {
    expect(traced(target({ stopLoss: 0.1, horizonBars: 12 }))).toEqual([
      { check: 'not-finite', passed: true, value: 0.5, limit: 'finite' },
      { check: 'weight-out-of-bounds', passed: true, value: 0.5, limit: 'between 0 and 1' },
      { check: 'price-out-of-bounds', passed: true, value: 'at the market', limit: 'above 0' },
      {
        check: 'protection-out-of-bounds',
        passed: true,
        value: 'stop 0.1, horizon 12',
        limit: 'within the bounds of the contract',
      },
      { check: 'halted', passed: true, value: 'active', limit: 'active' },
    ]);
  });

  it.each([
    ['weight-out-of-bounds', target({ weight: 2 }), 2],
    ['not-finite', target({ weight: Number.NaN }), 'NaN'],
    ['not-finite', target({ action: 'limit', price: Number.POSITIVE_INFINITY }), 'weight 0.5, price Infinity'],
    ['price-out-of-bounds', target({ action: 'limit', price: -1 }), -1],
    ['protection-out-of-bounds', target({ takeProfit: -1 }), 'target -1'],
  ])('ends with %s, which stopped it', (check, intent, value) => {
    const trace = traced(intent);
    expect(trace.at(-1)).toMatchObject({ check, passed: false, value });
    expect(trace.slice(0, -1).every(({ passed }) => passed)).toBe(true);
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
  });

  it('names a halt, and what stopped it elsewhere', () => {
    expect(intentTrace(target(), 'breach', 'breach').at(-1)).toEqual({
      check: 'breach',
      passed: false,
      value: 'breach',
      limit: 'active',
    });
    expect(intentTrace(target(), 'no-free-cash', 'active').slice(-2)).toEqual([
      { check: 'halted', passed: true, value: 'active', limit: 'active' },
      { check: 'no-free-cash', passed: false, value: null, limit: null },
    ]);
    expect(intentTrace(target(), null, 'paused').map(({ check }) => check)).not.toContain('halted');
  });

  it('is nothing for a hold and an exit, but for what stopped it', () => {
    expect(intentTrace({ ...createIntent(), action: 'exit' }, null, 'halted')).toEqual([]);
    expect(intentTrace(createIntent(), null, 'active')).toEqual([]);
    expect(intentTrace({ ...createIntent(), action: 'cancel' }, 'no-position', 'active')).toHaveLength(1);
  });
});
