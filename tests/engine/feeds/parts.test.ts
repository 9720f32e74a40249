import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { Backoff } from '#engine/feeds/backoff.ts';
import { CircuitBreaker } from '#engine/feeds/circuit-breaker.ts';
import { OffsetFilter } from '#engine/feeds/clock-offset.ts';
import { RollingColumns } from '#engine/feeds/rolling-columns.ts';
import { TokenBucket } from '#engine/token-bucket.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { plainBar } from './scripted-market.ts';
import { settable } from './settable-clock.ts';

const minute = 60_000;

describe('rolling columns', () => {
  it('keep a position for every bar, whatever is forgotten before it and however often memory is moved', () => {
    const rolling = new RollingColumns();
    for (let index = 0; index < 20_000; index += 1) {
      rolling.push(plainBar(index * minute), index);
      // By 700, so that the edge lies anywhere in the buffer when it is full.
      if (index % 700 === 699) rolling.forgetBefore(index - 800);
      if (index % 97 === 0) {
        expect(rolling.at(index)).toEqual(plainBar(index * minute));
        expect(rolling.at(rolling.first)).toEqual(plainBar(rolling.first * minute));
        expect(rolling.at(rolling.first - 1)).toBeUndefined();
        expect(rolling.knownAt(rolling.first)).toBe(rolling.first);
        expect(rolling.positionFrom((index - 5) * minute)).toBe(Math.max(rolling.first, index - 5));
      }
    }
    expect(rolling.end).toBe(20_000);
    expect(rolling.end - rolling.first).toBeLessThan(1_600);
    expect(rolling.at(rolling.end)).toBeUndefined();
    expect(rolling.positionFrom(20_000 * minute)).toBe(20_000);
  });

  it('are copied, so that what is copied stays as it was', () => {
    const rolling = new RollingColumns();
    for (let index = 0; index < 1024; index += 1) rolling.push(plainBar(index * minute), 0);
    const copy = rolling.copyFrom(1000);
    rolling.forgetBefore(1020);
    for (let index = 1024; index < 3000; index += 1) rolling.push(plainBar(index * minute), 0);
    expect([...copy.time]).toEqual(Array.from({ length: 24 }, (_, index) => (1000 + index) * minute));
    expect(rolling.copyFrom(0).time[0]).toBe(1020 * minute);
    expect(rolling.copyFrom(3000).time).toHaveLength(0);
  });
});

describe('the token bucket', () => {
  it('gives what is there at once, and the rest at its pace, in the order of asking', async () => {
    const clock = new VirtualClock(0);
    const bucket = new TokenBucket({ clock, capacity: 3, perSecond: 2 });
    const served: string[] = [];
    for (const [name, weight] of [
      ['a', 1],
      ['b', 2],
      ['c', 2],
      ['d', 1],
      ['e', 99],
    ] as const) {
      void bucket.take(weight).then(() => served.push(`${name} ${clock.now()}`));
    }
    await drained();
    while (await clock.step(10_000));
    expect(served).toEqual(['a 0', 'b 0', 'c 1000', 'd 1500', 'e 3000']);
  });

  it('holds everything back while it is told to, and does not catch up after', async () => {
    const clock = new VirtualClock(0);
    const bucket = new TokenBucket({ clock, capacity: 5, perSecond: 1 });
    bucket.pause(7_000);
    const served: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) void bucket.take(1).then(() => served.push(clock.now()));
    await drained();
    while (await clock.step(60_000));
    expect(served).toEqual([8_000, 9_000, 10_000]);
  });

  it('goes on when the clock is set back, and waits no longer for the end of a pause', async () => {
    for (const pauseMs of [0, 7_000]) {
      const world = new VirtualClock(0);
      const { clock, setBy } = settable(world);
      const bucket = new TokenBucket({ clock, capacity: 1, perSecond: 1 });
      if (pauseMs > 0) bucket.pause(pauseMs);
      const served: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) void bucket.take(1).then(() => served.push(world.now()));
      await drained();
      setBy(-1_800_000);
      while (await world.step(60_000));
      expect(served).toHaveLength(4);
      // Where a wait was under way it begins anew, once.
      expect(served.at(-1)).toBeLessThanOrEqual(2 * (pauseMs + 1_000) + 3_000);
    }
  });
});

describe('the circuit breaker', () => {
  const failure = new VenueError('network', 'unknown', 'gone', 'wait');
  const refusal = new VenueError('rate-limit', 'refused', 'too many', 'wait');
  const fail = (error: VenueError) => () => Promise.reject(error);
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: unknown) => (error === failure || error === refusal ? 'asked' : 'left alone'),
    );

  it('opens after failures in a row, lets one question through when its time is up, and closes when that is answered', async () => {
    const clock = new VirtualClock(0);
    const breaker = new CircuitBreaker({ clock, failuresMax: 3, openMs: 1_000, openMsMax: 3_000 });
    for (let turn = 0; turn < 2; turn += 1) await outcome(breaker.guard(fail(failure)));
    expect(await outcome(breaker.guard(fail(refusal)))).toBe('asked');
    expect(breaker.state).toBe('closed');
    for (let turn = 0; turn < 3; turn += 1) expect(await outcome(breaker.guard(fail(failure)))).toBe('asked');
    expect(breaker.state).toBe('open');
    expect(await outcome(breaker.guard(async () => 1))).toBe('left alone');
    await clock.step(1_000);
    expect(breaker.state).toBe('half-open');
    const [first, second] = [breaker.guard(fail(failure)), breaker.guard(async () => 1)];
    expect(await Promise.all([outcome(first), outcome(second)])).toEqual(['asked', 'left alone']);
    // Twice as long after a trial that failed.
    await clock.step(2_999);
    expect(breaker.state).toBe('open');
    await clock.step(3_000);
    expect(await outcome(breaker.guard(async () => 1))).toBe('done');
    expect(breaker.state).toBe('closed');
  });

  it('stays open no longer than it was to when the clock is set back', async () => {
    const world = new VirtualClock(0);
    const { clock, setBy } = settable(world);
    const breaker = new CircuitBreaker({ clock, failuresMax: 1, openMs: 1_000, openMsMax: 3_000 });
    await outcome(breaker.guard(fail(failure)));
    setBy(-1_800_000);
    expect(await breaker.guard(async () => 1).catch((error: unknown) => error)).toMatchObject({ retryAfterMs: 1_000 });
    await world.step(1_000);
    expect(breaker.state).toBe('half-open');
    expect(await outcome(breaker.guard(async () => 1))).toBe('done');
  });
});

describe('backoff', () => {
  it('draws each wait between nothing and an end that doubles up to its limit, and begins anew when told', () => {
    const draw = (seed: number) => {
      const backoff = new Backoff({ firstMs: 100, maxMs: 1_000, random: new RandomStream(seed, 'backoff') });
      const waits = Array.from({ length: 8 }, () => backoff.next());
      backoff.reset();
      return [...waits, backoff.next()];
    };
    const ends = [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 100];
    const all = Array.from({ length: 400 }, (_, seed) => draw(seed));
    for (const [turn, end] of ends.entries()) {
      const waits = all.map((one) => one[turn]!);
      expect(Math.max(...waits)).toBeLessThanOrEqual(end);
      expect(Math.max(...waits)).toBeGreaterThan(0.95 * end);
      expect(Math.min(...waits)).toBeLessThan(0.05 * end);
    }
    expect(draw(7)).toEqual(draw(7));
  });
});

describe('the clock offset', () => {
  it('is the middle of the question that came back soonest, good to half its way', () => {
    const filter = new OffsetFilter();
    expect(filter.best(0)).toBeNull();
    // The venue is 5 s ahead. A slow way back shifts the guess; the quick one is nearer.
    filter.add({ sentAt: 1_000, receivedAt: 1_900, venueTime: 6_050, stepMs: 0 });
    filter.add({ sentAt: 2_000, receivedAt: 2_040, venueTime: 7_015, stepMs: 0 });
    filter.add({ sentAt: 3_000, receivedAt: 3_400, venueTime: 8_390, stepMs: 0 });
    const best = filter.best(3_400)!;
    expect(best.offset).toBe(4_995);
    expect(best.uncertainty).toBeCloseTo(20, 1);
    expect(Math.abs(5_000 - best.offset)).toBeLessThanOrEqual(best.uncertainty);
  });

  it('knows that a time in whole seconds may mean any moment of its second', () => {
    const filter = new OffsetFilter();
    filter.add({ sentAt: 10_900, receivedAt: 10_940, venueTime: 10_000, stepMs: 1_000 });
    expect(filter.best(10_940)).toMatchObject({ offset: -420, uncertainty: 520 });
  });

  it('believes an old measurement less and less, and forgets the ninth', () => {
    const filter = new OffsetFilter();
    filter.add({ sentAt: 0, receivedAt: 2, venueTime: 1, stepMs: 0 });
    const day = 86_400_000;
    expect(filter.best(day)!.uncertainty).toBeGreaterThan(1_000);
    for (let turn = 1; turn <= 8; turn += 1)
      filter.add({ sentAt: day + turn * 1000, receivedAt: day + turn * 1000 + 100, venueTime: 0, stepMs: 0 });
    expect(filter.best(day + 9_000)!.uncertainty).toBeCloseTo(50, 0);
  });

  it('forgets what cannot be true any more once a clock was set: a bar would count as closed before it is', () => {
    const filter = new OffsetFilter();
    filter.add({ sentAt: 0, receivedAt: 10, venueTime: 5, stepMs: 0 });
    // Ours was set ahead by 2.5 s; the question that shows it took longer than the one before.
    filter.add({ sentAt: 302_500, receivedAt: 302_900, venueTime: 300_200, stepMs: 0 });
    expect(filter.best(302_900)).toMatchObject({ offset: -2_500, uncertainty: 200 });
  });
});
