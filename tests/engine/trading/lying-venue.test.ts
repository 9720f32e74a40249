import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { VenueFill, VenueOrder } from '#engine/venues/venue.ts';
import { bars, entry, Scene, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const candles = bars(Array.from({ length: 6 }, () => still(1000)));

/** A venue that tells the truth changed. */
async function begin(change: { order?: (told: VenueOrder) => VenueOrder; fill?: (told: VenueFill) => VenueFill }) {
  scene = await Scene.begin({ candles });
  const { link } = scene;
  const truth = link.call.bind(link);
  link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
    const answer: unknown = await truth(name, work);
    if (name === 'find' && answer !== null && change.order !== undefined) return change.order(answer as VenueOrder) as Answer;
    if (name === 'fills' && change.fill !== undefined) return (answer as VenueFill[]).map(change.fill) as Answer;
    return answer as Answer;
  };
  await scene.decide(entry, 60_000);
}

const codes = () => scene.trader.health().frozen.map(({ code }) => code);
const stops = () => scene.open().map(({ kind, quantity }) => `${kind} ${quantity}`);

describe('a venue that says what cannot be', () => {
  it('of an order, more than was ordered or the name of another, freezes the symbol; what its fills say is held and protected', async () => {
    for (const order of [
      (told: VenueOrder) => ({ ...told, filled: new Big(50) }),
      (told: VenueOrder) => ({ ...told, venueOrderId: `9${told.venueOrderId}` }),
    ]) {
      await begin({ order });
      expect(scene.trader.health().isBroken).toBe(false);
      expect(codes()).toContain('impossible-answer');
      expect(scene.held()).toBe(5);
      expect(stops()).toEqual(['stop 5']);
      scene.close();
    }
    await begin({});
  });

  it('of a fill, less than nothing or the other side, freezes the symbol and is not recorded', async () => {
    for (const fill of [
      (told: VenueFill) => ({ ...told, quantity: told.quantity.times(-1) }),
      (told: VenueFill) => ({ ...told, price: new Big(0) }),
      (told: VenueFill) => ({ ...told, side: 'sell' as const }),
    ]) {
      await begin({ fill });
      expect(codes()).toContain('impossible-fill');
      expect(scene.held()).toBe(0);
      expect(scene.journal.fills()).toEqual([]);
      scene.close();
    }
    await begin({});
  });
});

describe('an order that bears the id of one that was given up', () => {
  const cases: Readonly<Record<string, Partial<VenueOrder>>> = {
    'of another symbol': { symbol: 'ETH/USD' },
    'of the other side': { side: 'sell' },
    'less than nothing filled': { filled: new Big(-1) },
    'more filled than was ordered': { filled: new Big(50) },
    'what is no number filled': { filled: Number.NaN as unknown as Big },
  };
  it.each(Object.entries(cases))('and %s is a stranger: it is not adopted, and freezes the symbol', async (_, absurd) => {
    scene = await Scene.begin({ candles });
    scene.link.next('place', 'request-lost');
    await scene.decide(entry, 60_000);
    const [{ clientOrderId, quantity }] = scene.orders() as [OrderRow];
    const { link } = scene;
    const truth = link.call.bind(link);
    const named = {
      venueOrderId: '77',
      clientOrderId,
      symbol,
      side: 'buy',
      state: 'open',
      quantity,
      filled: new Big(0),
    } as const;
    link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
      const answer = await truth(name, work);
      return name === 'openOrders' ? ([{ ...named, createdAt: 0, ...absurd }] as Answer) : answer;
    };
    await scene.pass(400_000);
    expect(codes()).toEqual(['foreign-order']);
    expect(scene.story()).toEqual(['entry rejected 0']);
    expect(scene.trader.health().isBroken).toBe(false);
  });
});
