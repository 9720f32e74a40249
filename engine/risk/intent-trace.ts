import type { Intent } from '#engine/contract/intent.ts';
import type { DenialCode } from './denial.ts';
import type { CheckResult } from './order-checks.ts';
import type { HaltState } from './pre-trade.ts';

/** What `checkIntent` asks, in its order, with the numbers it looks at. */
const ASKED: readonly (readonly [DenialCode, limit: string, of: (intent: Intent) => number | string])[] = [
  ['not-finite', 'finite', ({ action, weight, price }) => (action === 'limit' ? `weight ${weight}, price ${price}` : weight)],
  ['weight-out-of-bounds', 'between 0 and 1', ({ weight }) => weight],
  ['price-out-of-bounds', 'above 0', ({ action, price }) => (action === 'limit' ? price : 'at the market')],
  ['protection-out-of-bounds', 'within the bounds of the contract', protectionOf],
];

/**
 * The checks that a decision met before, or without, an order's own judgement, up to the one that stopped it: what it says by itself, then
 * whether anything may be opened. A hold, an exit and a cancel are asked nothing, and say no more than what stopped them.
 * @param denial what stopped it, null when nothing did
 * @param halt under which it was decided
 */
export function intentTrace(intent: Intent, denial: DenialCode | null, halt: HaltState): CheckResult[] {
  const rows: CheckResult[] = [];
  if (intent.action === 'target' || intent.action === 'limit') {
    for (const [check, limit, of] of ASKED) {
      const value = of(intent);
      const shown = typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
      rows.push({ check, passed: check !== denial, value: shown, limit });
      if (check === denial) return rows;
    }
    // Only what would enlarge a position is asked; under a halt what was accepted has made it smaller.
    if (halt === 'active') rows.push({ check: 'halted', passed: true, value: halt, limit: 'active' });
  }
  if (denial !== null) {
    const isHalt = denial === halt;
    rows.push({ check: denial, passed: false, value: isHalt ? halt : null, limit: isHalt ? 'active' : null });
  }
  return rows;
}

function protectionOf({ stopLoss, takeProfit, trailingStop, slippageTolerance, horizonBars, expiryBars }: Intent): string {
  const named = {
    stop: stopLoss,
    target: takeProfit,
    trail: trailingStop,
    tolerance: slippageTolerance,
    horizon: horizonBars,
    expiry: expiryBars,
  };
  const given = Object.entries(named).filter(([, value]) => !Number.isNaN(value));
  return given.length === 0 ? 'none' : given.map(([name, value]) => `${name} ${value}`).join(', ');
}
