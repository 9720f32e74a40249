import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeedHealth } from '#engine/feeds/feed.ts';
import { HealthKeeper, readHealth } from '#engine/runtime/health.ts';
import { enginePaths } from '#engine/runtime/options.ts';

const now = Date.UTC(2026, 0, 2);
const own = { pid: process.pid, since: new Date(now).toISOString() };
const series = { symbol: 'BTC/USD', newestClose: now - 60_000, ageMs: 1, settledUntil: now - 60_000, missed: 0, corrections: 0 };
const feed: FeedHealth = {
  venue: 'kraken',
  stream: 'connected',
  lastMessageAt: now - 100,
  reconnects: 0,
  breaker: 'closed',
  clock: { offset: -500.5, uncertainty: 20.2, measuredAt: now },
  series: [series, { ...series, symbol: 'ETH/USD', newestClose: null }],
  unstoredBars: 3,
  problems: [],
  notices: ['kraken serves only its newest 720 candles'],
};

let dir: string;
let at: number;
let keeper: HealthKeeper;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-health-'));
  at = now;
  keeper = new HealthKeeper(dir, () => at);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const written = () => readFileSync(enginePaths(dir).health, 'utf8');

describe('what an engine measures', () => {
  it('is told with how old every bar is at that moment, by the exchange’s clock', () => {
    keeper.note(null, feed);
    const told = readHealth(dir, own, now + 10_000);
    expect(told).toMatchObject({
      venue: null,
      bars: { clockOffset: { offsetMs: -500, uncertaintyMs: 21 }, unstoredBars: 3, notices: feed.notices },
    });
    expect(told!.bars!.series.map(({ ageMs }) => ageMs)).toEqual([60_000 + 10_000 - 500, null]);
  });

  it('is of no engine but the one that runs', () => {
    expect(readHealth(dir, own, now)).toBeNull();
    keeper.note(null, feed);
    expect(readHealth(dir, null, now)).toBeNull();
    expect(readHealth(dir, 'unknown', now)).toBeNull();
    expect(readHealth(dir, { ...own, pid: own.pid + 1 }, now)).toBeNull();
  });

  it('is written once a second at most, and again at once where the clock was set back', () => {
    keeper.note(null, feed);
    const first = written();
    at += 999;
    keeper.note(null, { ...feed, reconnects: 1 });
    expect(written()).toBe(first);
    at += 1;
    keeper.note(null, { ...feed, reconnects: 1 });
    expect(readHealth(dir, own, now)).toMatchObject({ bars: { reconnects: 1 } });
    at -= 3_600_000;
    keeper.note(null, { ...feed, reconnects: 2 });
    expect(readHealth(dir, own, now)).toMatchObject({ bars: { reconnects: 2 } });
  });
});
