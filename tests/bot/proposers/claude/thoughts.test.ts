import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallReport, ModelRequest } from '#bot/proposers/claude/messages.ts';
import { cyclesIn, readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import { type ThoughtBegun, Thoughts } from '#bot/proposers/claude/thoughts.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('thoughts');
const dir = join(folder.path, 'bot', 'thoughts');
const NOON = Date.UTC(2026, 2, 2, 12);
const NIGHT = '20260302-1';
const CLEAR = '\u001b[2J';

beforeEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => folder.remove());

const REQUEST: ModelRequest = {
  model: 'claude-test-1',
  max_tokens: 500,
  system: [{ type: 'text', text: 'You decide.', cache_control: { type: 'ephemeral' } }],
  messages: [{ role: 'user', content: `What now?\n\tThe data: ${CLEAR}7` }],
};

/** Keeps one exchange, as the bot does; `said` null is one that never ended. */
function keep(purpose: ThoughtBegun['purpose'], by: string, at: number, said: string | null): string {
  const thoughts = new Thoughts(dir);
  const begun: ThoughtBegun = { purpose, by, beganAt: at, via: 'anthropic', baseUrl: null, request: REQUEST };
  const record = thoughts.begin(begun);
  if (said === null) return record;
  const outcome = { kind: 'answered', text: said } as const;
  const report: CallReport = {
    outcome,
    response: { content: [] },
    usage: { input_tokens: 1_200, output_tokens: 34 },
    isUsageFinal: true,
    requestId: 'req_1',
    attempts: [],
  };
  thoughts.end(record, begun, { endedAt: at + 1_000, report, outcome, tokens: 1_234, money: { micros: 6_850, currency: 'USD' } });
  return record;
}

const read = (cycle: string | null, max = 10) => readThoughts(dir, { cycle, max });
const ratchet = (...words: readonly string[]) => ratchetHere('thoughts', ...words, '--workspace', folder.path);

describe('the exchanges that are kept', () => {
  it('of a night lie in a folder of its name, for the owner alone', () => {
    expect(keep('write', NIGHT, NOON, 'Done.')).toBe(`${NIGHT}/2026-03-02T12-00-00.000Z-write.json`);
    expect(statSync(join(dir, NIGHT)).mode & 0o777).toBe(0o700);
    expect(() => keep('write', '../../keys', NOON, 'Done.')).toThrow('is no night');
  });

  it('are read as they were written, the newest first, whoever asked', () => {
    keep('decide', NIGHT, NOON, 'Wait.');
    keep('ask', 'alice', NOON + 5, 'Because.');
    keep('write', NIGHT, NOON + 5, 'First.');
    keep('write', NIGHT, NOON + 5, 'Second.');
    keep('review', '20260303-1', NOON + 9, null);
    const { thoughts, found } = read(null);
    expect(found).toBe(5);
    expect(thoughts.map(({ thought }) => thought?.by)).toEqual(['20260303-1', NIGHT, NIGHT, 'alice', NIGHT]);
    expect(thoughts.at(-1)!.thought).toMatchObject({
      purpose: 'decide',
      request: REQUEST,
      outcome: { text: 'Wait.' },
      tokens: 1_234,
    });
    expect(thoughts[0]!.thought).toMatchObject({ endedAt: null });
    const night = read(NIGHT, 2);
    expect(night.found).toBe(3);
    expect(night.thoughts.map(({ record }) => record)).toEqual([
      `${NIGHT}/2026-03-02T12-00-00.005Z-write-2.json`,
      `${NIGHT}/2026-03-02T12-00-00.005Z-write.json`,
    ]);
    expect(cyclesIn(dir).toSorted()).toEqual([NIGHT, '20260303-1']);
  });

  it('are none where nothing was kept, and none outside', () => {
    expect(read(null)).toEqual({ thoughts: [], found: 0 });
    keep('decide', NIGHT, NOON, 'Wait.');
    for (const cycle of ['..', '.', `../thoughts/${NIGHT}`, '20260302-2']) expect(read(cycle).found).toBe(0);
  });

  it('that are damaged are named, and hide no other', () => {
    keep('decide', NIGHT, NOON, 'Wait.');
    writeFileSync(join(dir, NIGHT, '2026-03-02T13-00-00.000Z-write.json'), '{"schema":');
    writeFileSync(join(dir, NIGHT, '2026-03-02T14-00-00.000Z-write.json'), '{}');
    writeFileSync(join(dir, NIGHT, '.2026-03-02T12-00-00.000Z-decide.json.new'), 'a draft');
    expect(read(NIGHT).thoughts).toEqual([
      { record: `${NIGHT}/2026-03-02T14-00-00.000Z-write.json`, thought: null, problem: expect.stringContaining('schema') },
      { record: `${NIGHT}/2026-03-02T13-00-00.000Z-write.json`, thought: null, problem: expect.stringContaining('JSON') },
      { record: `${NIGHT}/2026-03-02T12-00-00.000Z-decide.json`, thought: expect.objectContaining({ by: NIGHT }) },
    ]);
  });

  it('from before there were layers and money are read too', () => {
    mkdirSync(dir, { recursive: true });
    const { system: _, ...request } = REQUEST;
    const before = {
      ...{ schema: 'ratchet/thought/1', purpose: 'ask', by: 'alice', model: 'm', baseUrl: null, endedAt: null },
      ...{ beganAt: '2026-01-01T00:00:00.000Z', request: { ...request, system: 'You can only answer.' } },
    };
    writeFileSync(join(dir, '2026-01-01T00-00-00.000Z-ask.json'), JSON.stringify(before));
    expect(read(null).thoughts[0]!.thought?.request.system).toEqual([{ type: 'text', text: 'You can only answer.' }]);
  });
});

describe('ratchet thoughts', () => {
  it('lists them, the newest first, and says how many more there are', async () => {
    expect((await ratchet()).stdout).toBe('No model has been asked anything yet.\n');
    keep('decide', NIGHT, NOON, 'Wait.');
    keep('ask', 'alice', NOON + 5, null);
    const { stdout } = await ratchet();
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^began +by +for +came to +tokens +money +record$/),
      expect.stringMatching(/^2026-03-02 12:00:00 UTC {2}alice +ask +not ended +2026-03-02T12-00-00\.005Z-ask\.json$/),
      expect.stringMatching(
        /^2026-03-02 12:00:00 UTC {2}20260302-1 +decide +answered +1,234 +0\.00685 USD +20260302-1\/2026-03-02T12-00-00\.000Z-decide\.json$/,
      ),
    ]);
    expect((await ratchet('--limit', '1')).stdout).toContain('1 older exchange left out; --limit shows more.');
  });

  it('shows those of a night whole, and none of it speaks to the terminal', async () => {
    keep('decide', NIGHT, NOON, `Wait.${CLEAR}`);
    keep('ask', 'alice', NOON, 'Because.');
    const { stdout } = await ratchet(NIGHT);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('Because.');
    expect(stdout.split('\n')).toEqual([
      `== ${NIGHT}/2026-03-02T12-00-00.000Z-decide.json`,
      '2026-03-02 12:00:00 UTC, claude-test-1 for 20260302-1 (decide): answered, 1,234 tokens, 0.00685 USD',
      '-- system',
      '  You decide.',
      '-- user',
      '  What now?',
      '    The data: [U+001B][2J7',
      '-- answer',
      '  Wait.[U+001B][2J',
      '',
    ]);
  });

  it('cuts what is very long, and has all of it as JSON', async () => {
    keep('write', NIGHT, NOON, 'x'.repeat(50_000));
    expect((await ratchet(NIGHT)).stdout).toContain('[10,000 more characters; --json has them all]');
    const { found, thoughts } = JSON.parse((await ratchet(NIGHT, '--json')).stdout);
    expect({ found, length: thoughts[0].thought.outcome.text.length }).toEqual({ found: 1, length: 50_000 });
  });

  it('names a night that asked nothing, and the newest that did', async () => {
    keep('decide', NIGHT, NOON, 'Wait.');
    expect(await ratchet('20200101-1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/No exchange of a night 20200101-1 is kept\..*The newest that has is 20260302-1/s),
    });
  });
});
