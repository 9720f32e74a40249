import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { VenueFill, VenueOrder } from '#engine/venues/venue.ts';
import { bars, entry, hour, Scene, type SceneOptions, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars(Array.from({ length: 14 }, () => still(1000)));
const aWhile = 400_000;
const halfAnHour = 1_800_000;

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

const byHand = (kind: 'market' | 'limit', side: 'buy' | 'sell' = 'buy') => ({
  clientOrderId: null,
  symbol,
  side,
  kind,
  quantity: new Big(1),
  limitPrice: kind === 'limit' ? new Big(900) : null,
  stopPrice: null,
});

const codes = () => scene.trader.health().frozen.map(({ code }) => code);
const stops = () => scene.open().map(({ kind, quantity }) => `${kind} ${quantity}`);

describe('what the journal does not explain', () => {
  it('as an order that somebody else made freezes the symbol: no entry until a person has looked', async () => {
    await begin();
    scene.exchange.place('me', byHand('limit'));
    await scene.pass(aWhile);
    expect(codes()).toEqual(['foreign-order']);
    await scene.decide(entry);
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['frozen']);
    expect(await scene.accept('mine, made by hand')).toBe(null);
    await scene.decide(entry);
    expect(scene.held()).toBe(5);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
  });

  it('as a fill, or a balance, freezes it with the numbers; what is held stays protected and may go', async () => {
    await begin();
    await scene.decide(entry);
    scene.exchange.place('me', byHand('market'));
    await scene.pass(aWhile);
    expect([...new Set(codes())].sort()).toEqual(['balance', 'foreign-fill']);
    expect(scene.troubles.map(({ message }) => message).join(' ')).toMatch(/has 6 BTC; by the journal it should have 5 \(\+1\)/);
    expect(scene.open()).toHaveLength(1);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    expect(scene.balance('BTC')).toBe('1');
    expect(await scene.accept('bought by hand')).toBe(null);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
  });

  it('as a coin that is missing sells what is really there, and no more', async () => {
    await begin();
    await scene.decide(entry);
    const [stop] = scene.open();
    scene.exchange.cancel('me', stop!.number);
    scene.exchange.place('me', byHand('market', 'sell'));
    await scene.pass(aWhile);
    expect(codes()).toContain('balance');
    await scene.decide({ action: 'exit' }, 60_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.held()).toBe(1);
  });

  it('is frozen still after a restart', async () => {
    await begin();
    scene.exchange.place('me', byHand('limit'));
    await scene.pass(aWhile);
    await scene.live();
    expect(codes()).toEqual(['foreign-order']);
  });
});

describe('what is explained', () => {
  it('freezes nothing: money that was there before, a stop that somebody cancelled, our own fills', async () => {
    await begin({ exchange: { balances: { me: { USD: '100000', BTC: '3' } } } });
    await scene.decide(entry);
    const [stop] = scene.open();
    scene.exchange.cancel('me', stop!.number);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'protection open 0']);
    await scene.decide({ action: 'exit' });
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
    expect(scene.balance('BTC')).toBe('3');
  });
});

/** The venue's list of fills is served by a copy that is behind everything else. */
function lagFills(lagMs: number): void {
  const { link, world } = scene;
  const truth = link.call.bind(link);
  link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
    const answer: unknown = await truth(name, work);
    if (name !== 'fills') return answer as Answer;
    return (answer as VenueFill[]).filter(({ time }) => time <= world.now() - lagMs) as Answer;
  };
}

describe('a list of fills that is far behind', () => {
  it('loses no fill: it is looked for from when its order was made, though that has long been told as missing', async () => {
    await begin();
    lagFills(halfAnHour);
    await scene.decide(entry, aWhile);
    expect(codes()).toContain('missing-fills');
    expect(scene.held()).toBe(0);
    await scene.pass(halfAnHour);
    expect(scene.held()).toBe(5);
    expect(stops()).toEqual(['stop 5']);
  });

  it('loses none through a restart either', async () => {
    await begin();
    lagFills(halfAnHour);
    await scene.decide(entry, aWhile);
    await scene.live(1);
    lagFills(halfAnHour);
    await scene.pass(aWhile);
    expect(scene.held()).toBe(0);
    await scene.pass(halfAnHour);
    expect(scene.held()).toBe(5);
    expect(stops()).toEqual(['stop 5']);
  });

  it('loses none of a stop that was met while nobody was here', async () => {
    scene = await Scene.begin({ candles: bars([still(1000), [1000, 1000, 890, 890], still(890), still(890)]) });
    await scene.decide(entry);
    scene.link.isDead = true;
    await scene.pass(hour);
    await scene.live(1);
    lagFills(hour);
    await scene.pass(aWhile);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.held()).toBe(5);
    await scene.pass(hour);
    expect(scene.held()).toBe(0);
  });
});

/** The venue takes the stop, cancels it, and from then on has never heard of it. */
function forgetStop(): void {
  const { link } = scene;
  const truth = link.call.bind(link);
  const { number } = scene.open()[0]!;
  scene.exchange.cancel('me', number);
  const isIt = (order: VenueOrder | null) => order?.venueOrderId === String(number);
  link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
    const answer: unknown = await truth(name, work);
    if (name === 'find' && isIt(answer as VenueOrder | null)) return null as Answer;
    if (name === 'openOrders') return (answer as VenueOrder[]).filter((order) => !isIt(order)) as Answer;
    return answer as Answer;
  };
}

describe('a stop that the venue took and no longer knows', () => {
  it('freezes the symbol and counts as none; accepted, it has ended, and another one is placed, after a restart either', async () => {
    await begin();
    await scene.decide(entry);
    forgetStop();
    await scene.pass(halfAnHour);
    expect(codes()).toEqual(['vanished-order']);
    expect(scene.trader.health().unprotected).toMatchObject([{ quantity: '5' }]);
    expect(await scene.accept('the venue lost it')).toBe(null);
    await scene.pass(aWhile);
    expect(stops()).toEqual(['stop 5']);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'protection open 0']);
    expect(scene.trader.health().unprotected).toEqual([]);
    await scene.live();
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'protection open 0']);
    await scene.decide({ action: 'exit' });
    expect([scene.held(), scene.balance('BTC'), codes()]).toEqual([0, '0', []]);
  });

  it('does not keep a person from having everything sold; it counts as over once that is accepted', async () => {
    await begin({ exchange: { balances: { me: { USD: '100000', BTC: '3' } } } });
    await scene.decide(entry);
    forgetStop();
    await scene.pass(halfAnHour);
    scene.trader.flatten('out');
    await scene.pass(60_000);
    expect([scene.held(), scene.balance('BTC')]).toEqual([0, '3']);
    expect(scene.trader.health().halt.mode).toBe('flattening');
    expect(await scene.accept('out, too')).toBe(null);
    await scene.pass(aWhile);
    expect(scene.trader.health().halt.mode).toBe('active');
  });

  it('and that is at the venue after all is adopted again, and never sells beside another', async () => {
    await begin();
    await scene.decide(entry);
    const { link } = scene;
    const truth = link.call.bind(link);
    let isBlind = true;
    link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
      const answer: unknown = name === 'cancel' && isBlind ? await truth(name, () => undefined) : await truth(name, work);
      if (isBlind && name === 'find') return null as Answer;
      return (isBlind && name === 'openOrders' ? [] : answer) as Answer;
    };
    await scene.pass(halfAnHour);
    expect(codes()).toEqual(['vanished-order']);
    expect(await scene.accept('the venue lost it')).toBe(null);
    isBlind = false;
    await scene.pass(halfAnHour);
    expect(stops()).toEqual(['stop 5']);
    expect(codes()).toEqual([]);
  });
});

describe('fills that the venue tells of and never lists', () => {
  it('freeze the symbol; once accepted the order has ended, and what it sold is held no more', async () => {
    await begin();
    await scene.decide(entry);
    const { link } = scene;
    const truth = link.call.bind(link);
    let late: VenueFill[] = [];
    link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
      const answer = await truth(name, work);
      return name === 'fills' ? (late as Answer) : answer;
    };
    await scene.decide({ action: 'exit' }, halfAnHour);
    expect(codes()).toContain('missing-fills');
    expect([scene.held(), scene.balance('BTC')]).toEqual([5, '0']);
    expect(await scene.accept('sold, says their support')).toBe(null);
    await scene.pass(aWhile);
    expect([scene.held(), codes()]).toEqual([0, []]);
    expect(scene.story().at(-1)).toBe('exit cancelled 0');
    expect(scene.account.takeRecord().trades.map(({ exitCause }) => exitCause)).toEqual(['by-hand']);
    // Should they come after all, nothing is gone twice.
    const sold = scene.exchange.fills('me').at(-1)!;
    late = [{ ...sold, id: String(sold.number), venueOrderId: String(sold.orderNumber) }];
    await scene.pass(aWhile);
    expect(scene.story().at(-1)).toBe('exit filled 5');
    for (const check of [() => undefined, () => scene.live()]) {
      await check();
      expect([scene.held(), codes(), scene.journal.notes().map(({ quantity }) => quantity.toFixed())]).toEqual([
        0,
        [],
        ['5', '-5'],
      ]);
      expect(scene.account.isAtRest()).toBe(true);
    }
  });
});
