import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { VenueFill, VenueOrder } from '#engine/venues/venue.ts';
import { bars, entry, hour, Scene, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars(Array.from({ length: 8 }, () => still(1000)));
const aWhile = 400_000;

describe('a sale of which no answer came, beside coins that were there before', () => {
  async function bought(): Promise<void> {
    scene = await Scene.begin({ candles: flat, exchange: { balances: { me: { USD: '100000', BTC: '10' } } } });
    await scene.decide(entry, 60_000);
  }
  const codes = () => scene.trader.health().frozen.map(({ code }) => code);

  /** The next order is done, and its answer is lost; so long the venue's lists of what has ended do not have it, for any process. */
  function hideNextOrder(lagMs: number): { again(): void } {
    const { world } = scene;
    let from = Number.POSITIVE_INFINITY;
    const again = (): void => {
      const { link } = scene;
      const truth = link.call.bind(link);
      link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
        if (name === 'place') from = Math.min(from, world.now());
        const answer: unknown = await truth(name, work);
        const isHidden = world.now() >= from && world.now() < from + lagMs;
        if (isHidden && name === 'find' && (answer as VenueOrder | null)?.state !== 'open') return null as Answer;
        if (isHidden && name === 'fills') return (answer as VenueFill[]).filter(({ time }) => time < from) as Answer;
        return answer as Answer;
      };
    };
    scene.link.next('place', 'answer-lost');
    again();
    return { again };
  }

  /** The next order waits at the venue, which forgets no order for its age, and is taken after so long. */
  function queueNextOrder(ms: number): void {
    const { link, world } = scene;
    const truth = link.call.bind(link);
    let isNext = true;
    link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
      if (name !== 'place' || !isNext) return truth(name, work);
      isNext = false;
      world.after(ms, () => void work());
      link.next('place', 'request-lost');
      return truth(name, work);
    };
  }

  it('is sent again once it is known that it never arrived', async () => {
    await bought();
    scene.link.next('place', 'request-lost');
    await scene.decide({ action: 'exit' }, 60_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit rejected 0', 'exit filled 5']);
    expect([scene.balance('BTC'), codes()]).toEqual(['10', []]);
  });

  it('is not sent again when what it was to sell is gone, though the venue says that it has no such order', async () => {
    await bought();
    hideNextOrder(120_000);
    await scene.decide({ action: 'exit' }, 60_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit unknown 0']);
    expect(codes()).toContain('vanished-order');
    expect(scene.troubles.map(({ message }) => message).join(' ')).toMatch(/5 BTC are gone from the account/);
    await scene.pass(120_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit filled 5']);
    expect([scene.held(), scene.balance('BTC')]).toEqual([0, '10']);
    expect(await scene.accept('the venue was late')).toBe(null);
    await scene.pass(aWhile);
    expect([scene.held(), scene.balance('BTC'), codes()]).toEqual([0, '10', []]);
  });

  it('is not sent again after a restart either, nor by a flatten', async () => {
    await bought();
    const hidden = hideNextOrder(hour);
    await scene.decide({ action: 'exit' }, 5_000);
    await scene.live(1);
    hidden.again();
    await scene.pass(120_000);
    scene.trader.flatten('out');
    await scene.pass(aWhile);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit unknown 0']);
    expect([scene.balance('BTC'), codes().includes('vanished-order')]).toEqual(['10', true]);
  });

  it('leaves what was not sold protected, though nobody can say what became of it', async () => {
    await bought();
    for (const { number } of scene.open()) scene.exchange.cancel('me', number);
    const byHand = { symbol: 'BTC/USD', side: 'sell', kind: 'market', limitPrice: null, stopPrice: null } as const;
    scene.exchange.place('me', { ...byHand, quantity: new Big(3), clientOrderId: null });
    // The stop that takes the other one's place never arrives.
    scene.link.next('place', 'request-lost');
    await scene.pass(aWhile);
    expect(codes()).toContain('vanished-order');
    expect(scene.open().map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual(['stop 2']);
    expect(scene.trader.health().unprotected).toEqual([]);
  });

  it('does not wait for another one that never left either, when both were on their way at a kill', async () => {
    scene = await Scene.begin({ candles: flat });
    const other = () =>
      scene.trader.account({ strategy: 't', stage: 'live', symbols: ['BTC/USD'], barMs: hour, capital: 10_000 });
    const second = other();
    await scene.closeBar();
    const flatBar = { open: 1000, high: 1000, low: 1000, close: 1000, volume: 1 };
    second.onBars([{ symbol: 'BTC/USD', time: scene.world.now() - hour, ...flatBar }]);
    for (const account of [scene.account, second]) account.submit([{ symbol: 'BTC/USD', reason: 'because', ...entry }]);
    await scene.pass(60_000);
    expect(scene.open().map(({ quantity }) => quantity.toFixed())).toEqual(['5', '5']);
    const { link } = scene;
    const truth = link.call.bind(link);
    link.call = (name, work) => (name === 'place' ? new Promise(() => undefined) : truth(name, work));
    for (const { number } of scene.open()) scene.exchange.cancel('me', number);
    await scene.pass(1_000);
    expect(scene.story().slice(-2)).toEqual(['protection pending 0', 'protection pending 0']);
    await scene.live(1);
    other();
    await scene.pass(60_000);
    expect(scene.open().map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual(['stop 5', 'stop 5']);
  });

  it.each([
    ['soon', 58_000, 'exit filled 5'],
    ['too late to be asked for', aWhile, 'exit cancelled 0'],
  ])('counts once when it is listed %s after a person has accepted that its coins are gone', async (_when, lagMs, end) => {
    await bought();
    hideNextOrder(lagMs);
    await scene.decide({ action: 'exit' }, 45_000);
    expect(await scene.accept('it must have sold')).toBe(null);
    expect([scene.held(), scene.story().at(-1)]).toEqual([0, 'exit cancelled 0']);
    await scene.pass(2 * aWhile);
    expect([scene.held(), scene.story().at(-1), codes()]).toEqual([0, end, []]);
    await scene.live();
    await scene.pass(aWhile);
    expect([scene.held(), scene.balance('BTC'), codes()]).toEqual([0, '10', []]);
  });

  it('that comes after all and sells a second time freezes the symbol; once that is accepted the strategy holds nothing and owes nothing', async () => {
    await bought();
    queueNextOrder(60_000);
    await scene.decide({ action: 'exit' }, aWhile);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit filled 5', 'exit filled 5']);
    expect([scene.balance('BTC'), codes()]).toEqual(['5', ['oversold']]);
    const before = scene.account.equity();
    expect(await scene.accept('my own five went with them')).toBe(null);
    // What the owner's coins brought is the owner's, and was never counted as the strategy's.
    expect(scene.account.equity()).toBeCloseTo(before);
    for (const isRestarted of [false, true]) {
      if (isRestarted) await scene.live();
      await scene.pass(aWhile);
      expect([scene.held(), codes(), scene.journal.baselines().get('BTC')?.toFixed()]).toEqual([0, [], '5']);
    }
    await scene.decide(entry);
    expect(scene.held()).toBeGreaterThan(4.9);
    expect(scene.trader.health().unprotected).toEqual([]);
  });
});
