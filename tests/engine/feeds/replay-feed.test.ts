import { describe, expect, it } from 'vitest';
import { ReplayFeed, StoredSeries } from '#engine/feeds/replay-feed.ts';

const minuteMs = 60_000;

function series(symbol: string, minutes: readonly number[]): StoredSeries {
  const column = (value: (minute: number) => number) => Float64Array.from(minutes, value);
  return new StoredSeries(symbol, '1m', {
    time: column((minute) => minute * minuteMs),
    open: column((minute) => 100 + minute),
    high: column((minute) => 102 + minute),
    low: column((minute) => 99 + minute),
    close: column((minute) => 101 + minute),
    volume: column(() => 1),
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('the replayed feed', () => {
  it('gives bars that close together together, and nothing that closed before the replay', () => {
    const feed = new ReplayFeed([series('A/USDT', [0, 1, 2, 4]), series('B/USDT', [1, 2, 3])], 1 * minuteMs);
    const seen: string[] = [];
    for (let instant = feed.next(); instant !== null; instant = feed.next()) {
      seen.push(`${instant.time / minuteMs}: ${instant.bars.map(({ symbol }) => symbol[0]).join('')}`);
    }
    expect(seen).toEqual(['2: AB', '3: AB', '4: B', '5: A']);
  });

  it('goes on after the instant it is told was the last', () => {
    const feed = new ReplayFeed([series('A/USDT', range(0, 10))], 0);
    feed.seek(4 * minuteMs);
    expect(feed.next()?.time).toBe(5 * minuteMs);
    feed.seek(10 * minuteMs);
    expect(feed.next()).toBeNull();
  });

  it('knows when so many instants have passed', () => {
    const feed = new ReplayFeed([series('A/USDT', [0, 2, 4]), series('B/USDT', [1, 2])], 0);
    expect([0, 1, 2, 3, 4, 99].map((count) => feed.timeOfInstant(count) / minuteMs)).toEqual([0, 1, 2, 3, 5, 5]);
  });
});
