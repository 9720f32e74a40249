import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldAgainst, lossFrom } from '#engine/risk/loss.ts';

describe('money that comes or goes', () => {
  const money = fc.double({ min: 1, max: 1e6, noNaN: true });

  it('changes no part that is lost, and gone and come back nothing at all', () => {
    fc.assert(
      fc.property(money, money, money, money, (equity, above, opened, left) => {
        const before = { peak: equity + above, dayOpening: opened };
        const amount = left - equity;
        const after = heldAgainst(before, equity, amount)!;
        expect(lossFrom(after.peak, equity + amount)).toBeCloseTo(lossFrom(before.peak, equity), 9);
        expect(lossFrom(after.dayOpening, equity + amount)).toBeCloseTo(lossFrom(before.dayOpening, equity), 9);
        const back = heldAgainst(after, equity + amount, -amount)!;
        expect(back.peak / before.peak).toBeCloseTo(1, 9);
        expect(back.dayOpening / before.dayOpening).toBeCloseTo(1, 9);
      }),
    );
  });

  it('leaves nothing to compare where nothing is left, or nothing was there', () => {
    const held = { peak: 1_000, dayOpening: 900 };
    expect(heldAgainst(held, 800, -800)).toBeNull();
    expect(heldAgainst(held, 800, -900)).toBeNull();
    expect(heldAgainst(held, 0, 500)).toBeNull();
    expect(heldAgainst(held, -100, 500)).toBeNull();
  });
});
