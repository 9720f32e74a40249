import { describe, expect, it } from 'vitest';
import { type RealMoney, realMoneyRefusal } from '#engine/runtime/real-money.ts';

const kraken = { name: 'kraken', account: 'kraken-4f2a', isRehearsal: false };
const allOn: RealMoney = { isAllowed: true, venue: kraken, confirmedAccount: 'kraken-4f2a' };

describe('real money', () => {
  it.each(['canary', 'live'] as const)('moves at stage %s where policy, manifest, venue and a person all say so', (stage) => {
    expect(realMoneyRefusal(stage, allOn)).toBeNull();
  });

  it.each([
    ['main’s policy does not allow it', { ...allOn, isAllowed: false }, /live\.allowed: true/],
    ['the engine was given no venue', { ...allOn, venue: null }, /without a venue/],
    ['nobody has confirmed the account', { ...allOn, confirmedAccount: null }, /--confirm-live kraken-4f2a/],
    ['another account was confirmed', { ...allOn, confirmedAccount: 'kraken-77aa' }, /--confirm-live kraken-4f2a/],
  ])('does not where %s', (_what, switches, reason) => {
    for (const stage of ['canary', 'live'] as const) expect(realMoneyRefusal(stage, switches)).toMatch(reason);
  });

  it('is not asked of shadow and paper, nor on an exchange to rehearse on', () => {
    const off: RealMoney = { isAllowed: false, venue: null, confirmedAccount: null };
    for (const stage of ['shadow', 'paper'] as const) expect(realMoneyRefusal(stage, off)).toBeNull();
    expect(realMoneyRefusal('live', { ...off, venue: { ...kraken, isRehearsal: true } })).toBeNull();
  });
});
