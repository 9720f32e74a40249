import { describe, expect, it } from 'vitest';
import { isTimeZone, tradingDay } from '#engine/risk/trading-day.ts';
import fc from '#tests/support/properties.ts';

const hourMs = 3_600_000;

describe('a trading day', () => {
  it('begins where the zone has its midnight, and a close at midnight ends the day before', () => {
    const midnight = Date.UTC(2026, 5, 10, 22);
    expect([midnight, midnight + 1].map((instant) => tradingDay(instant, 'Europe/Berlin'))).toEqual(['2026-06-10', '2026-06-11']);
    expect([midnight, midnight + 1].map((instant) => tradingDay(instant, 'UTC'))).toEqual(['2026-06-10', '2026-06-10']);
    expect(tradingDay(midnight, 'Asia/Kolkata')).toBe('2026-06-11');
  });

  it.each([
    ['23 hours when clocks go forward', Date.UTC(2026, 2, 28, 23), 23, '2026-03-29'],
    ['25 hours when clocks go back', Date.UTC(2026, 9, 24, 22), 25, '2026-10-25'],
    ['24 hours otherwise', Date.UTC(2026, 6, 1, 22), 24, '2026-07-02'],
  ])('has %s', (_name, midnight, hours, day) => {
    const days = Array.from({ length: hours + 2 }, (_, hour) => tradingDay(midnight + hour * hourMs, 'Europe/Berlin'));
    expect(days.filter((one) => one === day)).toHaveLength(hours);
    expect(days.slice(1, -1)).toEqual(Array.from({ length: hours }, () => day));
  });

  it('of UTC is the same by arithmetic and by the calendar', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (instant) => {
        expect(tradingDay(instant, 'UTC')).toBe(tradingDay(instant, 'Etc/UTC'));
      }),
    );
  });

  it('needs a zone that exists', () => {
    expect(['UTC', 'America/New_York', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});
