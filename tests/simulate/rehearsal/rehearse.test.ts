import { describe, expect } from 'vitest';
import { itLong } from '#tests/support/long.ts';
import { rehearse } from './rehearse.ts';

/** A short form of `npm run rehearse:kill`. */
const KILLS = 12;

describe('an engine that is killed with orders under way', () => {
  itLong(
    'leaves a journal that agrees with the exchange on every order and every fill',
    async () => {
      const { killedTrading, inFlight, orders, fills, disagreements } = await rehearse(KILLS, 1);
      expect(disagreements).toEqual([]);
      expect(killedTrading).toBeGreaterThan(2);
      expect(inFlight).toBeGreaterThan(0);
      expect(orders).toBeGreaterThan(10);
      expect(fills).toBeGreaterThan(0);
    },
    300_000,
  );
});
