import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { FLAT } from '#engine/trading/position.ts';
import { type SizingView, sizeOrder } from '#engine/trading/size-order.ts';
import fc from '#tests/support/properties.ts';

const market = {
  ...{
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    isActive: true,
    maxQuantity: null,
    makerFeeRate: 0.001,
    takerFeeRate: 0.002,
  },
  ...{ tickSize: new Big('0.1'), stepSize: new Big('0.0001'), minQuantity: new Big('0.0005'), minNotional: new Big(5) },
};

function view(changes: Partial<SizingView> = {}): SizingView {
  return {
    market,
    position: FLAT,
    close: 1000,
    equity: 10_000,
    freeCash: 10_000,
    room: 10_000,
    highestPrice: new Big(1020),
    defaultStop: null,
    isSelling: false,
    isExiting: false,
    isWaitingToBuy: false,
    halt: 'active',
    instant: 3_600_000,
    barMs: 3_600_000,
    version: 'v',
    ...changes,
  };
}

const held = (quantity: string) => ({ position: { ...FLAT, quantity: new Big(quantity), isOpen: true } });
const decision = (rest: Partial<DecisionRecord>): DecisionRecord => ({
  symbol: 'BTC/USD',
  action: 'target',
  reason: 'r',
  stopLoss: 0.1,
  ...rest,
});

/** `enter limit-ioc 5 at 1020`, `sell down to 2`, or why not. */
function sized(rest: Partial<DecisionRecord>, changes: Partial<SizingView> = {}): string {
  const result = sizeOrder(decision(rest), view(changes));
  if (result.kind === 'denied') return result.code;
  if (result.kind === 'nothing') return 'nothing';
  const { wish } = result;
  if (wish.kind === 'enter') return `enter ${wish.orderKind} ${wish.quantity} at ${wish.limitPrice}`;
  return wish.kind === 'sell' ? `sell down to ${wish.downTo}` : wish.kind;
}

describe('a decision, sized for a venue', () => {
  it.each<[string, Partial<DecisionRecord>, Partial<SizingView>, string]>([
    ['buys at once, no further above the close than the collar', { weight: 0.5 }, {}, 'enter limit-ioc 5 at 1020'],
    [
      'buys no further above the close than its tolerance',
      { weight: 0.5, slippageTolerance: 0.001 },
      {},
      'enter limit-ioc 5 at 1001',
    ],
    ['rests at its limit, on the tick below', { action: 'limit', weight: 0.5, price: 950.06 }, {}, 'enter limit 5.2631 at 950'],
    ['is cut to the free cash, its fee included', { weight: 1 }, { freeCash: 1022.04 }, 'enter limit-ioc 1 at 1020'],
    ['is cut to what the limits leave room for', { weight: 1 }, { room: 2040 }, 'enter limit-ioc 2 at 1020'],
    ['is refused where they leave none', { weight: 1 }, { room: 1 }, 'over-order'],
    ['is refused without money', { weight: 1 }, { freeCash: 1 }, 'no-free-cash'],
    ['is refused without a price', { weight: 1 }, { highestPrice: null }, 'stale-quote'],
    ['is refused where it is too small to be protected too', { weight: 0.00053 }, {}, 'below-minimum'],
    ['sells the difference', { weight: 0.2 }, held('5'), 'sell down to 2'],
    ['sells all at weight nothing', { weight: 0 }, held('5'), 'sell down to 0'],
    ['changes nothing within a step', { weight: 0.5 }, held('5'), 'no-change'],
    ['does not buy into an exit', { weight: 0.5 }, { ...held('1'), isSelling: true, isExiting: true }, 'exit-in-progress'],
    ['buys nothing under a halt', { weight: 0.5 }, { halt: 'reducing' }, 'reducing'],
    ['exits under a halt', { action: 'exit' }, { ...held('5'), halt: 'halted' }, 'sell down to 0'],
    ['exits once', { action: 'exit' }, { ...held('5'), isSelling: true, isExiting: true }, 'nothing'],
    ['exits though a part is being sold', { action: 'exit' }, { ...held('5'), isSelling: true }, 'sell down to 0'],
    ['takes back what waits', { action: 'cancel' }, { isWaitingToBuy: true }, 'withdraw'],
    ['has nothing to take back', { action: 'cancel' }, {}, 'no-position'],
    ['refuses what is no number', { weight: null }, {}, 'not-finite'],
  ])('%s', (_, rest, changes, expected) => {
    expect(sized(rest, changes)).toBe(expected);
  });

  it('buys what the simulation buys, where money and limits are no bound', () => {
    const rules = { makerFeeRate: 0.001, takerFeeRate: 0.002, halfSpreadRate: 0, slippageRate: 0, volumeShare: 1 };
    const grid = { tickSize: 0.1, stepSize: 0.0001, minQuantity: 0.0005, minNotional: 5 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1_000, max: 900_000 }), (basisPoints, tenths) => {
        const close = tenths / 10;
        const weight = basisPoints / 10_000;
        const settings = {
          symbols: ['BTC/USD'],
          markets: { 'BTC/USD': { ...rules, ...grid } },
          capital: 10_000,
          barMs: 3_600_000,
        };
        const simulation = new Simulation(settings);
        const bar = { symbol: 'BTC/USD', time: 0, open: close, high: close, low: close, close, volume: 1e9 };
        simulation.onBars([bar]);
        simulation.submit([decision({ weight })]);
        simulation.onBars([{ ...bar, time: 3_600_000 }]);
        const [position] = simulation.positions();
        const result = sizeOrder(decision({ weight }), view({ close, highestPrice: new Big(close).times('1.02') }));
        const quantity = result.kind === 'wish' && result.wish.kind === 'enter' ? result.wish.quantity.toNumber() : 0;
        // What cannot be protected is not bought at a venue.
        if (quantity === 0) expect(position!.quantity * close).toBeLessThan(5 / 0.9 + close * 0.0001);
        else expect(quantity).toBe(position!.quantity);
      }),
      { numRuns: 200 },
    );
  });
});
