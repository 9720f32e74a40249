import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Budget } from '#bot/proposers/claude/budget.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { removePastThoughts } from '#bot/proposers/claude/past-thoughts.ts';
import { readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import { type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const DAY_MS = 86_400_000;
const folder = temporaryFolder('past-thoughts');
let number = 0;
let dir: string;
let thoughts: string;
let server: ModelServer;

/** An exchange that began then, of a night or of a person. */
function exchange(beganAt: number, cycle = '', draft = false): string {
  mkdirSync(join(thoughts, cycle), { recursive: true });
  const name = `${new Date(beganAt).toISOString().replaceAll(':', '-')}-ask.json`;
  writeFileSync(join(thoughts, cycle, draft ? `.${name}.new` : name), '{}');
  return join(cycle, name);
}

beforeAll(async () => {
  server = await startModelServer();
});
beforeEach(() => {
  number += 1;
  dir = join(folder.path, String(number));
  thoughts = join(dir, 'thoughts');
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

const kept = () => readThoughts(thoughts, { cycle: null, max: 50 }).thoughts.map(({ record }) => record);

describe('past exchanges with a model', () => {
  it('go when they began before the time, to the millisecond, and a night without any goes with them', () => {
    exchange(NOON - 1);
    exchange(NOON - DAY_MS, '20260531-1');
    exchange(NOON - DAY_MS, '20260531-1', true);
    const [mixed, person] = [exchange(NOON + 1, '20260601-1'), exchange(NOON)];
    exchange(NOON - 5, '20260601-1');
    expect(removePastThoughts(thoughts, NOON)).toBe(4);
    expect(kept()).toEqual([mixed, person]);
    expect(readdirSync(thoughts)).not.toContain('20260531-1');
  });

  it('are told from what is no exchange, which stays', () => {
    exchange(NOON - DAY_MS, '20260531-1');
    writeFileSync(join(thoughts, '20260531-1', 'notes.txt'), 'mine');
    writeFileSync(join(thoughts, '2020-01-01.json'), '{}');
    expect(removePastThoughts(thoughts, NOON)).toBe(1);
    expect(existsSync(join(thoughts, '20260531-1', 'notes.txt'))).toBe(true);
    expect(existsSync(join(thoughts, '2020-01-01.json'))).toBe(true);
    expect(removePastThoughts(join(dir, 'nowhere'), NOON)).toBe(0);
  });

  it('go when the bot starts and on the first question of a day, and what was spent stays counted', async () => {
    let now = NOON;
    const clock = () => now;
    const access = server.access({ thoughtDays: 30 });
    const [first, second] = [exchange(NOON - 31 * DAY_MS), exchange(NOON - 29.5 * DAY_MS)];
    expect(kept()).toEqual([second, first]);
    const model = Model.open({ access, dir, clock, log: pino({ level: 'silent' }) });
    const left = () => {
      const budget = Budget.open(join(dir, 'model.sqlite'), access, clock);
      try {
        return budget.left().tokens;
      } finally {
        budget.close();
      }
    };
    try {
      expect(kept()).toEqual([second]);
      const ask = () =>
        model.say({
          purpose: 'ask',
          by: 'octo',
          system: [{ text: 'Be brief.' }],
          messages: [{ role: 'user', content: 'How is it?' }],
        });
      const { record } = await ask();
      expect(kept()).toEqual([record, second]);
      const spent = access.dailyTokens - left();
      expect(spent).toBeGreaterThan(0);
      now += 11 * 3_600_000;
      const { record: later } = await ask();
      expect(kept()).toEqual([later, record, second]);
      expect(left()).toBe(access.dailyTokens - 2 * spent);
      now += 2 * 3_600_000;
      const { record: tomorrow } = await ask();
      expect(kept()).toEqual([tomorrow, later, record]);
    } finally {
      model.close();
    }
  });
});
