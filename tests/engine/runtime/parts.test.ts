import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resample } from '#engine/candles/resample.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { ReplayFeed, StoredSeries } from '#engine/feeds/replay-feed.ts';
import { BarBuilder } from '#engine/runtime/bar-builder.ts';
import { Bell } from '#engine/runtime/bell.ts';
import { exitReasonOf, initialControl, readControl } from '#engine/runtime/control.ts';
import { readHistory } from '#engine/runtime/history.ts';
import { waitedFor } from '#engine/runtime/loaded-version.ts';
import { acquireLock, lockHolder } from '#engine/runtime/lock.ts';
import { type StrategyStatus, summarise } from '#engine/runtime/status.ts';

const minuteMs = 60_000;

/** Minute bars of a market, opening at the given minutes; price and volume differ from bar to bar. */
function series(symbol: string, minutes: readonly number[], volume = 1): StoredSeries {
  const column = (value: (minute: number) => number) => Float64Array.from(minutes, value);
  const columns: CandleColumns = {
    time: column((minute) => minute * minuteMs),
    open: column((minute) => 100 + minute),
    high: column((minute) => 102 + minute),
    low: column((minute) => 99 + minute),
    close: column((minute) => 101 + minute),
    volume: column(() => volume),
  };
  return new StoredSeries(symbol, '1m', columns);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('the bar builder', () => {
  const build = (source: StoredSeries[], timeframe: '1m' | '5m', symbols: string[]) => {
    const builder = new BarBuilder(source, symbols, timeframe);
    const feed = new ReplayFeed(source, 0);
    const groups: { at: number; time: number; bars: string[]; closes: number[] }[] = [];
    for (let instant = feed.next(); instant !== null; instant = feed.next()) {
      for (const { time, bars } of builder.push(instant)) {
        const at = instant.time / minuteMs;
        groups.push({
          at,
          time: time / minuteMs,
          bars: bars.map(({ symbol }) => symbol),
          closes: bars.map(({ close }) => close),
        });
      }
    }
    return groups;
  };

  it('builds the bars that resampling the whole column gives', () => {
    const source = series('A/USDT', [...range(0, 7), ...range(9, 23), 30, 31]);
    const whole = resample(source.columns, '1m', '5m');
    const groups = build([source], '5m', ['A/USDT']);
    expect(groups.map(({ time }) => time * minuteMs)).toEqual([...whole.time]);
    expect(groups.flatMap(({ closes }) => closes)).toEqual([...whole.close]);
  });

  it('closes a bar when its time is up, although its last minutes never came', () => {
    const groups = build([series('A/USDT', [0, 1, 2, 7]), series('B/USDT', range(0, 10))], '5m', ['A/USDT', 'B/USDT']);
    expect(groups).toMatchObject([
      { at: 5, time: 0, bars: ['A/USDT', 'B/USDT'] },
      { at: 10, time: 5, bars: ['A/USDT', 'B/USDT'] },
    ]);
  });

  it('leaves out bars without volume: nothing traded in them', () => {
    expect(build([series('A/USDT', range(0, 5), 0)], '1m', ['A/USDT'])).toEqual([]);
  });

  it('refuses a market the feed has not, or only in bars too coarse', () => {
    expect(() => new BarBuilder([series('A/USDT', [0])], ['C/USDT'], '1m')).toThrow(/C\/USDT/);
    expect(() => new BarBuilder([new StoredSeries('A/USDT', '1h', series('A/USDT', [0]).columns)], ['A/USDT'], '5m')).toThrow(
      /the feed has A\/USDT 1h/,
    );
  });
});

describe('history', () => {
  const source = [series('A/USDT', range(0, 100)), series('B/USDT', [3, 50, 51, 97])];
  const request = {
    series: source,
    symbols: ['A/USDT', 'B/USDT'],
    timeframe: '5m',
    since: 80 * minuteMs,
    barsBefore: 2,
  } as const;

  it('reaches back until every market has its bars, or there is nothing older', () => {
    const { columns } = readHistory({ ...request, until: 80 * minuteMs });
    expect([...columns.get('B/USDT')!.time].map((time) => time / minuteMs)).toEqual([0, 50]);
    expect(columns.get('A/USDT')!.time.at(-1)).toBe(75 * minuteMs);
  });

  it('holds a bar whose last minutes never came once its time is up, and does not give it again', () => {
    const thin = [series('A/USDT', [0, 1, 2, 3, 7])];
    const { columns, builder } = readHistory({ ...request, series: thin, symbols: ['A/USDT'], since: 0, until: 10 * minuteMs });
    expect([...columns.get('A/USDT')!.time]).toEqual([0, 5 * minuteMs]);
    expect(builder.push({ time: 11 * minuteMs, bars: [], ages: [], missing: [] })).toEqual([]);
  });

  it('leaves a builder that goes on in the middle of a bar', () => {
    const { columns, builder } = readHistory({ ...request, until: 93 * minuteMs });
    expect(columns.get('A/USDT')!.time.at(-1)).toBe(85 * minuteMs);
    const feed = new ReplayFeed(source, 0);
    feed.seek(93 * minuteMs);
    builder.push(feed.next()!);
    const [group] = builder.push(feed.next()!);
    expect(group?.bars[0]).toMatchObject({ time: 90 * minuteMs, open: 190, close: 195, low: 189, high: 196, volume: 5 });
  });
});

describe('control', () => {
  const halted = { mode: 'halted', by: 'someone', at: '2026-01-01T00:00:00.000Z', reason: 'looks odd' } as const;
  it('gives the exits it forces a reason in one line, whatever it says itself', () => {
    expect(exitReasonOf({ ...halted, mode: 'reducing' })).toBe('the control says reducing, as someone asked: looks odd');
    const odd = exitReasonOf({ ...halted, by: 'a\u202eb', reason: `\n${'x'.repeat(400)}` });
    expect(odd).toMatch(/^the control says halted, as a b asked: {2}x+$/);
    expect(odd).toHaveLength(200);
  });

  it('is what the file says, and stays what it was when there is none or it cannot be read', () => {
    expect(readControl(JSON.stringify(halted), initialControl)).toEqual({ ok: true, control: halted });
    expect(readControl(null, halted)).toEqual({ ok: true, control: halted });
    for (const text of [
      '',
      '[]',
      '{"mode":"active"}',
      JSON.stringify({ ...halted, mode: 'off' }),
      JSON.stringify({ ...halted, extra: 1 }),
    ]) {
      expect(readControl(text, halted)).toMatchObject({ ok: false, message: expect.stringContaining('stays halted') });
    }
  });
});

describe('the status of the whole', () => {
  const strategy = (id: string, status: StrategyStatus['status'], reason: string): StrategyStatus => ({
    id,
    status,
    code: 'x',
    reason,
    tree: null,
    commit: null,
    stage: null,
    desiredTree: null,
    positions: 0,
  });
  it('is that of its worst part', () => {
    expect(summarise([strategy('a', 'Synced', '')], [])).toEqual({ status: 'Synced', reason: '' });
    const problem = { status: 'OutOfSync', code: 'unreachable', reason: 'no answer' } as const;
    expect(summarise([strategy('a', 'Degraded', 'bad'), strategy('b', 'Synced', '')], [problem])).toEqual({
      status: 'Degraded',
      reason: 'no answer; a: bad',
    });
  });
});

describe('the lock', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-lock-'));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  it('is held by one, says by whom, and is free again after', () => {
    expect(lockHolder(dir)).toBeNull();
    const lock = acquireLock(dir, () => 0);
    expect(lockHolder(dir)).toEqual({ pid: process.pid, since: '1970-01-01T00:00:00.000Z' });
    expect(() => acquireLock(dir, () => 0)).toThrow(new RegExp(`process ${process.pid}`));
    lock.release();
    expect(lockHolder(dir)).toBeNull();
    acquireLock(dir, () => 0).release();
  });
});

describe('the bell', () => {
  it('ends a wait, and is remembered when nobody waits', async () => {
    const bell = new Bell();
    bell.ring();
    await bell.wait(Number.POSITIVE_INFINITY);
    const waiting = bell.wait(Number.POSITIVE_INFINITY);
    bell.ring();
    await waiting;
    await bell.wait(1);
  });
});

describe('a version that is not warm yet', () => {
  const market = (symbol: string, has: number) => ({ symbol, has, needs: 840, served: { bars: 720, timeframe: '1h' as const } });
  const barMs = 60 * minuteMs;
  const version = {
    timeframe: '1h' as const,
    barMs,
    anchor: 1000 * barMs,
    lacking: [market('A/USD', 719), market('B/USD', 839)],
  };

  it('names how many bars of which market it waits for, fewer with each that closes, and why they are not there', () => {
    expect(waitedFor(version, 1000.5 * barMs)).toContain('121 more of A/USD (has 719 of 840), 1 more of B/USD (has 839 of 840)');
    const later = waitedFor(version, 1002 * barMs)!;
    expect(later).toContain('waits for 119 more of A/USD (has 721 of 840): the exchange gives only its newest 720 of 1h');
    expect(later).not.toContain('B/USD');
    expect(waitedFor(version, 1121 * barMs)).toBeNull();
  });
});
