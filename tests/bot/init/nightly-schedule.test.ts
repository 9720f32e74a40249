import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workflows } from '#bot/init/workflows.ts';

function scheduleOf(nights?: { at: string; timeZone: string }): unknown {
  const text = workflows({ program: 'here', nights })['.github/workflows/nightly.yml'];
  return (parse(text ?? '') as { on: { schedule: unknown } }).on.schedule;
}

describe('the nightly workflow', () => {
  it('begins when the settings say so, by the clock of their zone', () => {
    expect(scheduleOf({ at: '30 2 * * 1-5', timeZone: 'Europe/Berlin' })).toEqual([
      { cron: '30 2 * * 1-5', timezone: 'Europe/Berlin' },
    ]);
  });

  it('names no zone where it is UTC, which every server goes by', () => {
    expect(scheduleOf({ at: '30 2 * * *', timeZone: 'UTC' })).toEqual([{ cron: '30 2 * * *' }]);
    expect(scheduleOf()).toEqual([{ cron: '17 2 * * *' }]);
  });
});
