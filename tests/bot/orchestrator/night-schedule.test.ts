import { describe, expect, it } from 'vitest';
import { lastDue, NightSchedule, nextDue } from '#bot/orchestrator/night-schedule.ts';

const HOUR_MS = 3_600_000;
const berlin = { at: '30 2 * * *', timeZone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);

/** Every night that somebody who looks each ten minutes is told of. */
function nights(schedule: NightSchedule, from: string, to: string): string[] {
  const seen = new Set<number>();
  for (let now = at(from); now <= at(to); now += 600_000) {
    const due = lastDue(schedule, now);
    if (due !== null && due >= at(from)) seen.add(due);
  }
  return [...seen].map((due) => new Date(due).toISOString());
}

describe('the schedule of nights', () => {
  it('goes by the clock of its zone', () => {
    expect(lastDue(berlin, at('2026-01-10T01:29:00Z'))).toBe(at('2026-01-09T01:30:00Z'));
    expect(lastDue(berlin, at('2026-01-10T01:31:00Z'))).toBe(at('2026-01-10T01:30:00Z'));
    expect(lastDue(berlin, at('2026-07-10T01:31:00Z'))).toBe(at('2026-07-10T00:30:00Z'));
    expect(nextDue(berlin, at('2026-07-10T01:31:00Z'))).toBe(at('2026-07-11T00:30:00Z'));
  });

  it('holds a night once where the clock skips its time: at the end of the gap', () => {
    expect(nights(berlin, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('holds a night once where the clock shows its time twice: the first time', () => {
    expect(nights(berlin, '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'])('has 365 nights in a year of %s', (timeZone) => {
    let due = nextDue({ at: '30 2 * * *', timeZone }, at('2026-01-01T16:00:00Z'))!;
    const gaps: number[] = [];
    for (let night = 1; night < 365; night += 1) {
      const next = nextDue({ at: '30 2 * * *', timeZone }, due)!;
      gaps.push((next - due) / HOUR_MS);
      due = next;
    }
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(23);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25);
    expect(due).toBeLessThan(at('2027-01-01T16:00:00Z'));
  });

  it('takes a pattern alone as one in UTC', () => {
    expect(NightSchedule.parse('17 2 * * *')).toEqual({ at: '17 2 * * *', timeZone: 'UTC' });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['an hour that no clock has', '30 25 * * *', 'at', /hour/],
    ['seconds', '0 30 2 * * *', 'at', /five fields/],
    ['a word', 'nightly', 'at', /five fields/],
    ['what only some programs read', '30 2 L * *', 'at', /five fields/],
    ['a day that never comes', '30 2 31 2 *', 'at', /never comes/],
    ['a zone that nobody knows', { at: '30 2 * * *', timeZone: 'Europe/Berlinn' }, 'timeZone', /no time zone Europe\/Berlinn/],
    ['an offset for a zone', { at: '30 2 * * *', timeZone: '+02:00' }, 'timeZone', /no time zone/],
  ])('refuses %s', (_name, schedule, path, message) => {
    const issues = NightSchedule.safeParse(schedule).error!.issues;
    expect(issues).toMatchObject([{ path: [path], message: expect.stringMatching(message) }]);
  });
});
