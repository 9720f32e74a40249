import { readFileSync } from 'node:fs';
import Big from 'big.js';
import { describe, expect, it } from 'vitest';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import { DENIALS, type DenialCode } from '#engine/risk/denial.ts';
import { judgeOrder } from '#engine/risk/judge-order.ts';
import { checkIntent } from '#engine/risk/pre-trade.ts';
import { refusalOf } from '#engine/trading/order-fate.ts';
import { Scene } from '#tests/engine/simulation/scene.ts';
import { entryCases, marketCases } from './order-cases.ts';
import { limits, purchaseWith, saleWith } from './order-facts.ts';

const half = { action: 'target', weight: 0.5 } as const;
const flat = () => new Scene().bar(100, 100, 100, 100);
const intended = (part: Partial<Intent>) => checkIntent({ ...createIntent(), action: 'target', weight: 0.5, ...part });

/** Codes that an intent brings by itself, or an order of the simulation while it waits: how each comes about. */
const elsewhere = {
  'not-finite': () => intended({ weight: Number.NaN }),
  'weight-out-of-bounds': () => intended({ weight: 2 }),
  'price-out-of-bounds': () => intended({ action: 'limit', price: 0 }),
  'protection-out-of-bounds': () => intended({ stopLoss: 2 }),
  'no-position': () => flat().decide({ action: 'exit' }).denials[0],
  'no-change': () =>
    new Scene({ stepSize: 1 }).bar(100, 100, 100, 100).decide(half).bar(100, 100, 100, 100).decide(half).denials[0],
  'exit-in-progress': () => {
    const scene = new Scene({ volumeShare: 0.5 }).bar(100, 100, 100, 100);
    scene
      .decide({ ...half, stopLoss: 0.1 })
      .bar(100, 100, 100, 100)
      .bar(100, 100, 80, 80, 2);
    return scene.decide({ action: 'target', weight: 1 }).denials[0];
  },
  'slippage-tolerance': () =>
    flat()
      .decide({ ...half, slippageTolerance: 0 })
      .bar(101, 101, 101, 101).denials[0],
  expired: () =>
    flat()
      .decide({ ...half, action: 'limit', price: 90, expiryBars: 1 })
      .bar(100, 100, 100, 100).denials[0],
  withdrawn: () => {
    const scene = flat().decide({ ...half, action: 'limit', price: 90 });
    scene.simulation.setHalt('halted');
    return scene.bar(100, 100, 100, 100).denials[0];
  },
} satisfies Partial<Record<DenialCode, () => DenialCode | null | undefined>>;

/** Codes that an order's judgement brings. */
const judged: Partial<Record<DenialCode, () => DenialCode | null>> = {
  'live-not-allowed': () => judgeOrder(purchaseWith(), { ...limits, isAllowed: false }).denial,
  'more-than-held': () => judgeOrder(saleWith({ held: new Big(0) }), limits).denial,
};
/** Codes that the venue brings: those on the left by what it says on the right. */
const refused: Partial<Record<DenialCode, () => DenialCode>> = {
  'venue-balance': () => refusalOf('insufficient-funds'),
  'venue-refused': () => refusalOf('maintenance'),
};
for (const [code, facts] of [...entryCases, ...marketCases]) {
  judged[code] = () =>
    judgeOrder(purchaseWith(facts), limits).trace.find(({ check, passed }) => check === code && !passed)?.check ?? null;
}

describe('of the closed list', () => {
  it.each(Object.keys(DENIALS) as DenialCode[])('%s is reached', (code) => {
    const ways: Partial<Record<DenialCode, () => DenialCode | null | undefined>> = { ...elsewhere, ...judged, ...refused };
    expect(ways[code]?.()).toBe(code);
  });

  it.each([...Object.keys(judged), ...Object.keys(refused)])('%s is explained to whoever runs it', (code) => {
    expect(readFileSync('docs/ops/risk.md', 'utf8')).toContain(`\`${code}\``);
  });
});
