import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, type SceneOptions, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars([still(1000), still(1000), still(1000), still(1000), still(1000), still(1000)]);

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

describe('an order whose answer is lost', () => {
  it('is found filled, and counted once', async () => {
    await begin();
    scene.link.next('place', 'answer-lost');
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    expect(scene.balance('BTC')).toBe('5');
  });

  it('is found open', async () => {
    await begin();
    scene.link.next('place', 'answer-lost');
    await scene.decide({ ...entry, action: 'limit', price: 900 });
    expect(scene.story()).toEqual(['entry open 0']);
    expect(scene.open()).toHaveLength(1);
  });

  it('never arrived: that is believed after it was asked for twice, over some time, and nothing is sent again for it', async () => {
    await begin();
    scene.link.next('place', 'request-lost');
    await scene.decide(entry, 10_000);
    expect(scene.story()).toEqual(['entry unknown 0']);
    await scene.pass(15_000);
    expect(scene.story()).toEqual(['entry rejected 0']);
    expect(scene.orders()[0]!.refusal).toBe('never-arrived');
    expect(scene.link.calls.filter(({ name }) => name === 'place')).toHaveLength(1);
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['withdrawn']);
  });

  it('arrives late and is met', async () => {
    await begin();
    scene.link.next('place', 'late');
    await scene.decide(entry, 5_000);
    expect(scene.story()).toEqual(['entry unknown 0']);
    await scene.pass(15_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
  });

  it('arrives after it was given up: it lives again, what it bought is protected, and nothing is frozen', async () => {
    await begin({ timings: { settleMs: 2_000, pollMs: 30_000 } });
    scene.link.next('place', 'late');
    await scene.decide(entry, 6_000);
    expect(scene.story()).toEqual(['entry rejected 0']);
    await scene.pass(60_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    expect(scene.trader.health().frozen).toEqual([]);
  });

  it('as a limit that was given up and rests after all is taken back: nobody waits for it any more', async () => {
    await begin({ timings: { settleMs: 2_000, pollMs: 30_000 } });
    scene.link.next('place', 'late');
    await scene.decide({ ...entry, action: 'limit', price: 900 }, 60_000);
    expect(scene.story()).toEqual(['entry cancelled 0']);
    expect(scene.open()).toEqual([]);
  });

  it('is refused as a duplicate: it is there already, and is asked for', async () => {
    await begin();
    scene.link.next('place', { refused: 'duplicate' });
    await scene.decide(entry, 25_000);
    expect(scene.story()).toEqual(['entry rejected 0']);
    expect(scene.link.calls.filter(({ name }) => name === 'find').length).toBeGreaterThanOrEqual(2);
  });
});

describe('an order that is refused', () => {
  it.each([
    ['invalid-order', 'venue-refused'],
    ['maintenance', 'venue-refused'],
    ['insufficient-funds', 'venue-balance'],
  ] as const)('is over: %s, and its decision says so as %s, in the words of the venue', async (kind, code) => {
    await begin();
    scene.link.next('place', { refused: kind });
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry rejected 0']);
    expect(scene.held()).toBe(0);
    const { denials, traces } = scene.account.takeRecord();
    expect(denials.map((denial) => denial.code)).toEqual([code]);
    const [judged, refused] = traces;
    expect(refused!.instant).toBe(judged!.instant);
    expect(refused!.trace).toEqual([{ check: code, passed: false, value: expect.stringMatching(/\w/), limit: 'taken' }]);
  });

  it('leaves an exit protected, and is tried again under another id', async () => {
    await begin();
    await scene.decide(entry);
    scene.link.next('place', { refused: 'maintenance' });
    await scene.decide({ action: 'exit' }, 1_500);
    expect(scene.story().slice(2)).toEqual(['exit rejected 0', 'protection open 0']);
    expect(
      scene.account
        .takeRecord()
        .traces.at(-1)!
        .trace.map(({ check }) => check),
    ).toEqual(['venue-refused']);
    await scene.pass(10_000);
    expect(scene.story().slice(2)).toEqual(['exit rejected 0', 'protection cancelled 0', 'exit filled 5']);
    const ids = scene.orders().map(({ clientOrderId }) => clientOrderId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('as a stop three times sells what cannot be protected', async () => {
    await begin();
    const refused = { refused: 'invalid-order' } as const;
    scene.link.next('place', 'answer-lost', refused, refused, refused);
    await scene.decide(entry, 30_000);
    expect(scene.held()).toBe(0);
    expect(scene.troubles.map(({ kind }) => kind)).toEqual(['unprotected']);
    expect(scene.story().at(-1)).toBe('exit filled 5');
    expect(scene.account.takeRecord().forced).toMatchObject([{ cause: 'stop', reason: 'the venue takes no stop' }]);
  });
});

describe('a cancel', () => {
  it('whose answer is lost is done all the same', async () => {
    await begin();
    await scene.decide(entry);
    scene.link.next('cancel', 'answer-lost');
    await scene.decide({ action: 'exit' });
    expect(scene.story().slice(1)).toEqual(['protection cancelled 0', 'exit filled 5']);
  });

  it('that never arrived is asked again', async () => {
    await begin();
    await scene.decide(entry);
    scene.link.next('cancel', 'request-lost');
    await scene.decide({ action: 'exit' }, 10_000);
    expect(scene.story().slice(1)).toEqual(['protection cancelled 0', 'exit filled 5']);
  });
});

describe('a stream that is silent', () => {
  it('hides nothing for long: open orders and fills are looked at without it', async () => {
    const falling = bars([still(1000), [1000, 1000, 850, 860], still(860)]);
    await begin({ candles: falling });
    await scene.decide(entry);
    scene.link.isSilent = true;
    await scene.pass(3_500_000);
    expect(scene.held()).toBe(0);
    expect(scene.story()).toEqual(['entry filled 5', 'protection filled 5']);
  });
});
