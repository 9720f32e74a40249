import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askPrompt } from '#bot/proposers/claude/ask.ts';
import { Model, type ModelOptions } from '#bot/proposers/claude/model.ts';
import { sentenceFor } from '#bot/proposers/claude/outcome.ts';
import { spent as spentOf } from '#bot/proposers/claude/spent.ts';
import { type ModelReply, type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

/** The SDK itself, in its own process, against a server on this machine. */
const folder = temporaryFolder('model');
const NOON = Date.UTC(2026, 2, 2, 12);
const TOKENS = ['ghs_AppInstallationToken0123456789', '-----BEGIN RSA PRIVATE KEY-----'];
const PROMPT = askPrompt({
  by: 'alice',
  question: 'Why did it sell?',
  facts: [{ title: 'a fact', text: 'It crossed down.' }],
  lengthMax: 1_000,
});

let server: ModelServer;
let now = NOON;
let lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });

beforeAll(async () => {
  server = await startModelServer();
});
beforeEach(() => {
  now = NOON;
  lines = [];
  rmSync(folder.path, { recursive: true, force: true });
});
afterAll(async () => {
  await server?.close();
  folder.remove();
});

function open(options: Partial<Omit<ModelOptions, 'access'>> & { access?: Partial<ModelOptions['access']> } = {}): Model {
  const access = { ...server.access({ modelMaxOutputTokens: 500, modelDailyTokens: 100_000 }), ...options.access };
  return Model.open({ dir: folder.path, clock: () => now, log, ...options, access });
}

async function say(...replies: readonly ModelReply[]) {
  server.reply(...replies);
  const model = open();
  try {
    return await model.say(PROMPT);
  } finally {
    model.close();
  }
}

const thoughts = () => readdirSync(join(folder.path, 'thoughts')).sort();
const thought = (name: string) => JSON.parse(readFileSync(join(folder.path, 'thoughts', name), 'utf8'));
const spent = (exchange: { left: number; dailyTokens: number }) => exchange.dailyTokens - exchange.left;
/** The most a call of these tests may cost: its bytes, what the API adds, its longest answer. */
const MOST = Buffer.byteLength(PROMPT.system[0]!.text) + Buffer.byteLength(PROMPT.messages[0]!.content) + 1_000 + 500;

describe('a model that answers', () => {
  it('is given the prompt as it stands, and heard to the end', async () => {
    const exchange = await say({ kind: 'text', text: 'It crossed down at noon.', model: 'claude-test-1-20260101' });
    expect(exchange.outcome).toEqual({ kind: 'answered', text: 'It crossed down at noon.', value: 'It crossed down at noon.' });
    expect(exchange).toMatchObject({
      model: 'claude-test-1',
      answeredBy: 'claude-test-1-20260101',
      tokens: { read: 1_200, written: 34 },
    });
    const [asked] = server.asked;
    expect(asked!.body).toEqual({
      model: 'claude-test-1',
      max_tokens: 500,
      stream: true,
      system: [{ type: 'text', text: PROMPT.system[0]!.text, cache_control: { type: 'ephemeral' } }],
      messages: PROMPT.messages,
    });
    expect(asked!.headers.authorization).toBe(`Bearer ${server.key}`);
  });

  it('is recorded whole, for the owner alone, under the time it was asked at', async () => {
    const { record } = await say({ kind: 'text', text: 'Because.', usage: { cache_read_input_tokens: 800 } });
    expect(thoughts()).toEqual(['2026-03-02T12-00-00.000Z-ask.json']);
    expect(record).toBe(thoughts()[0]);
    expect(statSync(join(folder.path, 'thoughts', record!)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, 'thoughts')).mode & 0o777).toBe(0o700);
    expect(thought(record!)).toMatchObject({
      schema: 'ratchet/thought/2',
      purpose: 'ask',
      by: 'alice',
      model: 'claude-test-1',
      beganAt: '2026-03-02T12:00:00.000Z',
      endedAt: '2026-03-02T12:00:00.000Z',
      request: { model: 'claude-test-1', max_tokens: 500, system: [{ text: PROMPT.system[0]!.text }], messages: PROMPT.messages },
      outcome: { kind: 'answered', text: 'Because.' },
      response: { id: 'msg_01TestTestTestTestTestTe', stop_reason: 'end_turn', content: [{ type: 'text', text: 'Because.' }] },
      usage: { input_tokens: 1_200, output_tokens: 34, cache_read_input_tokens: 800 },
      tokens: 2_034,
      requestId: expect.stringMatching(/^req_test_\d+$/),
      attempts: [{ status: 200, mayHaveArrived: true }],
    });
  });

  it('has a file of its own for each of two exchanges in one millisecond', async () => {
    await say({ kind: 'text', text: 'One.' });
    await say({ kind: 'text', text: 'Two.' });
    expect(thoughts().map((name) => thought(name).outcome.text)).toEqual(['Two.', 'One.']);
  });
});

describe('a model that is asked for JSON', () => {
  const answer = z.strictObject({ kind: z.enum(['NO_CHANGE', 'TWEAK']), riskTier: z.int().min(1).max(3) });
  const decide = async (text: string, stopReason = 'end_turn') => {
    server.reply({ kind: 'text', text, stopReason });
    const model = open();
    const exchange = await model.say({ ...PROMPT, purpose: 'decide', by: '20260302-1', answer });
    model.close();
    return exchange;
  };

  it('is sent the schema, and its answer comes as a value', async () => {
    const { outcome } = await decide('{"kind":"TWEAK","riskTier":2}');
    expect(outcome).toMatchObject({ kind: 'answered', value: { kind: 'TWEAK', riskTier: 2 } });
    expect(server.asked[0]!.body.output_config).toMatchObject({
      format: { type: 'json_schema', schema: { additionalProperties: false, required: ['kind', 'riskTier'] } },
    });
  });

  it.each([
    ['writes no JSON', 'I would rather wait.', 'end_turn', { kind: 'no-json', text: 'I would rather wait.' }, /something else/],
    [
      'breaks the schema',
      '{"kind":"MERGE","riskTier":9}',
      'end_turn',
      { kind: 'unfit', what: expect.stringMatching(/^kind: .*\nriskTier: /) },
      /does not fit/,
    ],
    ['refuses', '', 'refusal', { kind: 'refused', category: 'cyber' }, /refused/],
    ['is cut off at its longest', '{"kind":"TW', 'max_tokens', { kind: 'too-long' }, /modelMaxOutputTokens/],
  ])('and %s is an outcome, recorded, and counted for what it took', async (_name, words, stop, expected, sentence) => {
    const exchange = await decide(words, stop);
    expect(exchange.outcome).toMatchObject(expected);
    if (exchange.outcome.kind === 'answered') throw new Error('It answered.');
    expect(sentenceFor(exchange.outcome)).toMatch(sentence);
    expect(thought(exchange.record!)).toMatchObject({ outcome: expected, tokens: 1_234 });
    expect(spent(exchange)).toBe(1_234);
  });
});

describe('what a night asks', () => {
  it('goes to the model of its purpose, in layers of which the API keeps those that are marked, and is paid at its price', async () => {
    server.reply({ kind: 'text', text: 'Well.', usage: { cache_creation_input_tokens: 4_000 } });
    const price = (output: number) => ({ input: 1, output, cacheWrite: 2, cacheRead: 0.1 });
    const access = server.access({
      reviewModel: 'claude-test-2',
      modelPrices: { 'claude-test-1': price(10), 'claude-test-2': price(20) },
    });
    const model = open({ access });
    const layers = [
      { text: 'Who it is.' },
      { text: 'What the system is.', cache: true },
      { text: 'What was learned.', cache: false },
    ];
    const said = [];
    for (const purpose of ['write', 'correct', 'review'] as const)
      said.push(await model.say({ ...PROMPT, system: layers, purpose, by: '20260302-1' }));
    model.close();
    expect(server.asked.map(({ body: { model, max_tokens } }) => [model, max_tokens])).toEqual([
      ['claude-test-1', 32_000],
      ['claude-test-1', 32_000],
      ['claude-test-2', 16_000],
    ]);
    expect(server.asked[0]!.body.system).toEqual([
      { type: 'text', text: 'Who it is.' },
      { type: 'text', text: 'What the system is.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'What was learned.' },
    ]);
    const read = 1_200 + 4_000 * 2;
    expect(said.map(({ money }) => money?.spent)).toEqual([read + 340, read + 340, read + 680]);
    expect(said.map(({ record }) => record)).toEqual(
      ['write', 'correct', 'review'].map((purpose) => `20260302-1/2026-03-02T12-00-00.000Z-${purpose}.json`),
    );
  });
});

/** `turned away`: it cost nothing. `all`: nobody knows, so the most is counted. `begun`: what was read, and the longest answer. */
const COUNTED = { 'turned away': 0, all: MOST, begun: 1_700, final: 1_234 } as const;
const RETRY_SOON = { 'retry-after-ms': '1' };

describe('a model that does not answer', () => {
  it.each<[string, readonly ModelReply[], object, keyof typeof COUNTED, number, RegExp]>([
    [
      'refuses',
      [{ kind: 'text', text: '', stopReason: 'refusal' }],
      { kind: 'refused', category: 'cyber' },
      'final',
      1,
      /refused to answer \(cyber\)/,
    ],
    [
      'runs out of words',
      [{ kind: 'text', text: 'And then', stopReason: 'max_tokens' }],
      { kind: 'too-long' },
      'final',
      1,
      /modelMaxOutputTokens/,
    ],
    [
      'cannot read so much',
      [{ kind: 'text', text: '', stopReason: 'model_context_window_exceeded' }],
      { kind: 'too-much' },
      'final',
      1,
      /more than the model can read/,
    ],
    ['has no words', [{ kind: 'text', text: ' ' }], { kind: 'garbled' }, 'final', 1, /without words/],
    [
      'wants a tool that it has not',
      [{ kind: 'text', text: 'Merging.', stopReason: 'tool_use' }],
      { kind: 'garbled' },
      'final',
      1,
      /tool\\_use/,
    ],
    [
      'takes no more for an hour',
      [{ kind: 'error', status: 429, type: 'rate_limit_error', headers: { 'retry-after': '3600' } }],
      { kind: 'rate-limited', retryAfterMs: 3_600_000 },
      'turned away',
      1,
      /it may again in 60 minutes/,
    ],
    [
      'takes no more for a moment, again and again',
      [{ kind: 'error', status: 429, type: 'rate_limit_error', headers: RETRY_SOON }],
      { kind: 'rate-limited', retryAfterMs: null },
      'turned away',
      3,
      /it may again in a while/,
    ],
    [
      'is overloaded',
      [{ kind: 'error', status: 529, type: 'overloaded_error', headers: RETRY_SOON }],
      { kind: 'overloaded' },
      'turned away',
      3,
      /overloaded/,
    ],
    [
      'is overloaded midway',
      [{ kind: 'error-midway', type: 'overloaded_error' }],
      { kind: 'overloaded' },
      'begun',
      1,
      /overloaded/,
    ],
    [
      'has trouble',
      [{ kind: 'error', status: 500, type: 'api_error', headers: RETRY_SOON }],
      { kind: 'unavailable', status: 500 },
      'turned away',
      3,
      /trouble of its own \(500\)/,
    ],
    [
      'breaks off in the midst of a word',
      [{ kind: 'cut', where: 'midway' }],
      { kind: 'cut' },
      'begun',
      1,
      /broke before its answer was whole/,
    ],
    ['ends before the end', [{ kind: 'cut', where: 'between-events' }], { kind: 'cut' }, 'begun', 1, /broke before/],
    ['hangs up without an answer', [{ kind: 'cut', where: 'before' }], { kind: 'cut' }, 'all', 1, /broke before/],
    [
      'says what is no JSON',
      [{ kind: 'raw', body: 'event: message_start\ndata: {"type":\n\n' }],
      { kind: 'garbled', what: 'it is no JSON' },
      'all',
      1,
      /no message/,
    ],
    [
      'is a web page',
      [{ kind: 'raw', body: '<html>Welcome</html>', contentType: 'text/html' }],
      { kind: 'garbled' },
      'all',
      1,
      /modelBaseUrl/,
    ],
    [
      'says JSON that is no message',
      [
        {
          kind: 'raw',
          body: 'event: message_start\ndata: {"type":"message_start","message":{"id":7}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
        },
      ],
      { kind: 'garbled' },
      'all',
      1,
      /no message/,
    ],
    [
      'knows no such model',
      [{ kind: 'error', status: 404, type: 'not_found_error', message: 'model: claude-test-1' }],
      { kind: 'rejected', status: 404, what: 'model: claude-test-1' },
      'turned away',
      1,
      /404, model: claude-test-1/,
    ],
    [
      'lets the key nowhere',
      [{ kind: 'error', status: 403, type: 'permission_error' }],
      { kind: 'key-refused', status: 403 },
      'turned away',
      1,
      /refused the key \(403\)/,
    ],
  ])(
    'because it %s is told in one sentence, tried as often as is safe, and counted',
    async (_name, replies, outcome, counted, requests, sentence) => {
      const exchange = await say(...replies);
      expect(exchange.outcome).toMatchObject(outcome);
      expect(server.asked).toHaveLength(requests);
      expect(spent(exchange)).toBe(COUNTED[counted]);
      if (exchange.outcome.kind === 'answered') throw new Error('It answered.');
      const said = sentenceFor(exchange.outcome);
      expect(said).toMatch(sentence);
      expect(said).not.toContain('\n');
      // A night reads it too, and there is nobody who could ask again.
      expect(said).not.toMatch(/\bask\b/);
      expect(thought(exchange.record!)).toMatchObject({ outcome, tokens: COUNTED[counted], attempts: { length: requests } });
    },
  );

  it('the first time is asked again, and its second answer counts', async () => {
    const exchange = await say(
      { kind: 'error', status: 529, type: 'overloaded_error', headers: RETRY_SOON },
      { kind: 'text', text: 'Now.' },
    );
    expect(exchange.outcome).toMatchObject({ kind: 'answered', text: 'Now.' });
    expect(spent(exchange)).toBe(1_234);
    expect(thought(exchange.record!).attempts.map(({ status }: { status: number }) => status)).toEqual([529, 200]);
  });

  it.each([
    ['before', 'all'],
    ['midway', 'begun'],
  ] as const)('in time, having fallen silent %s, is not waited for', async (where, counted) => {
    server.reply({ kind: 'silence', where });
    const model = open({ deadlineMs: 400 });
    const exchange = await model.say(PROMPT);
    model.close();
    expect(exchange.outcome).toEqual({ kind: 'timed-out' });
    expect(server.asked).toHaveLength(1);
    expect(spent(exchange)).toBe(COUNTED[counted]);
  });

  it('because its process was killed is told so, and all it may have cost stays counted', async () => {
    server.reply({ kind: 'silence', where: 'before' });
    let pid = 0;
    const model = open({ onStart: (started) => (pid = started) });
    const asking = model.say(PROMPT);
    await server.silent();
    process.kill(pid, 'SIGKILL');
    const exchange = await asking;
    model.close();
    expect(exchange.outcome).toEqual({ kind: 'died', what: 'it ended with SIGKILL' });
    expect(spent(exchange)).toBe(MOST);
  });

  it('because the bot stops ends at once', async () => {
    server.reply({ kind: 'silence', where: 'before' });
    const model = open();
    const asking = model.say(PROMPT);
    await server.silent();
    model.stop();
    expect((await asking).outcome).toEqual({ kind: 'died', what: 'the bot was stopped' });
    model.close();
  });

  it('because there is nobody costs nothing', async () => {
    const left = await startModelServer();
    await left.close();
    const model = open({ access: { baseUrl: left.url } });
    const exchange = await model.say(PROMPT);
    model.close();
    expect(exchange.outcome.kind).toBe('unreachable');
    expect(spent(exchange)).toBe(0);
  });

  it('because the key is wrong says so, and does not say the key', async () => {
    server.reply({ kind: 'text', text: 'Never said.' });
    const wrong = 'sk-ant-wrong-0123456789abcdefghij';
    const model = open({ access: { credential: { kind: 'bearer', token: wrong } } });
    const exchange = await model.say(PROMPT);
    model.close();
    expect(exchange.outcome).toEqual({ kind: 'key-refused', status: 401 });
    expect(JSON.stringify([exchange, lines, thought(exchange.record!)])).not.toContain(wrong);
  });
});

describe("a day's tokens", () => {
  it('are asked before and counted after, over restarts, until there are new ones at midnight UTC', async () => {
    server.reply({ kind: 'text', text: 'Yes.' });
    const dailyTokens = MOST + 1_000;
    const once = async () => {
      const model = open({ access: { dailyTokens } });
      try {
        return await model.say(PROMPT);
      } finally {
        model.close();
      }
    };
    expect((await once()).left).toBe(dailyTokens - 1_234);
    expect((await once()).outcome.kind).toBe('budget-spent');
    server.reply({ kind: 'text', text: 'Yes.' });
    now = Date.UTC(2026, 2, 2, 23, 59, 59, 999);
    const refused = await once();
    expect(refused).toMatchObject({ outcome: { kind: 'budget-spent', backAt: Date.UTC(2026, 2, 3) }, record: null });
    if (refused.outcome.kind !== 'budget-spent') throw new Error('It was not.');
    expect(sentenceFor(refused.outcome)).toContain('there are new ones from 2026-03-03 00:00 UTC');
    expect(server.asked).toEqual([]);
    now = Date.UTC(2026, 2, 3);
    expect((await once()).outcome).toMatchObject({ kind: 'answered', text: 'Yes.' });
  });

  it('that one call could never do with are said to be too few', async () => {
    const model = open({ access: { dailyTokens: 1_000 } });
    const { outcome } = await model.say(PROMPT);
    model.close();
    expect(outcome).toEqual({ kind: 'budget-too-small', needed: MOST, dailyTokens: 1_000 });
  });
});

describe("a day's money", () => {
  const price = { input: '5', output: '25', cacheWrite: '6.25', cacheRead: '0.5' };
  /** All that may be read as what costs most, and the longest answer. */
  const MOST_MONEY = Math.ceil((MOST - 500) * 6.25) + 500 * 25;
  const once = async (modelDailyMoney: string, ...replies: readonly ModelReply[]) => {
    server.reply(...replies);
    const access = server.access({ modelMaxOutputTokens: 500, modelDailyMoney, modelPrices: { 'claude-test-1': price } });
    const model = open({ access });
    try {
      return await model.say(PROMPT);
    } finally {
      model.close();
    }
  };
  const usage = { input_tokens: 200, output_tokens: 100, cache_creation_input_tokens: 2_000, cache_read_input_tokens: 1_000 };
  /** 200 × 5 + 2,000 × 6.25 + 1,000 × 0.5, and what was written × 25. */
  const read = 14_000;

  it('counts what a cache took and gave at its own price, and what is recorded says so', async () => {
    const exchange = await once('1', { kind: 'text', text: 'Yes.', usage });
    expect(exchange.money).toEqual({ spent: read + 2_500, left: 1_000_000 - read - 2_500, daily: 1_000_000, currency: 'USD' });
    expect(exchange.tokens).toEqual({ read: 3_200, written: 100 });
    expect(thought(exchange.record!)).toMatchObject({ tokens: 3_300, money: { micros: read + 2_500, currency: 'USD' } });
    expect(spentOf(exchange)).toBe(
      '3,200 tokens read, 100 written; 396,700 of 400,000 are left today; it cost 0.0165 USD, and 0.9835 of 1.00 USD are left today',
    );
  });

  it.each<[string, ModelReply, number]>([
    ['was turned away', { kind: 'error', status: 529, type: 'overloaded_error', headers: RETRY_SOON }, 0],
    ['was cut off', { kind: 'cut', where: 'midway' }, 1_200 * 5 + 500 * 25],
    ['got no answer', { kind: 'cut', where: 'before' }, MOST_MONEY],
    ['was refused', { kind: 'text', text: '', stopReason: 'refusal' }, 1_200 * 5 + 34 * 25],
  ])('is spent for a call that %s as far as it may have been paid for', async (_name, reply, spent) => {
    expect((await once('1', reply)).money).toMatchObject({ spent, left: 1_000_000 - spent });
  });

  it('is asked before a call, which is not made when it may cost more than is left, or than there ever is', async () => {
    const daily = (MOST_MONEY + 10_000) / 1_000_000;
    expect((await once(String(daily), { kind: 'text', text: 'Yes.', usage })).outcome.kind).toBe('answered');
    const { outcome, money, record } = await once(String(daily), { kind: 'text', text: 'Yes.' });
    const left = MOST_MONEY + 10_000 - read - 2_500;
    expect(outcome).toEqual({ kind: 'money-spent', backAt: Date.UTC(2026, 2, 3), needed: MOST_MONEY, left, currency: 'USD' });
    expect({ money, record }).toMatchObject({ money: { spent: 0, left }, record: null });
    const never = await once('0.01', { kind: 'text', text: 'Yes.' });
    expect(never.outcome).toEqual({ kind: 'money-too-small', needed: MOST_MONEY, dailyMoney: 10_000, currency: 'USD' });
    expect(server.asked).toEqual([]);
    if (outcome.kind !== 'money-spent' || never.outcome.kind !== 'money-too-small') throw new Error('It was asked.');
    expect(sentenceFor(outcome)).toMatch(/^Today's money .* USD, .* are left\); there is more from 2026-03-03 00:00 UTC\.$/);
    expect(sentenceFor(never.outcome)).toContain('`modelDailyMoney` allows 0.01 a day; raise it.');
  });

  it('is not spoken of where no model has a price', async () => {
    expect((await say({ kind: 'text', text: 'Yes.' })).money).toBeNull();
  });
});

describe('the process that makes the call', () => {
  it.runIf(process.platform === 'linux')('holds the key and the prompt, no token, no environment and no file', async () => {
    for (const [index, token] of TOKENS.entries()) process.env[`RATCHET_TEST_TOKEN_${index}`] = token;
    server.reply({ kind: 'silence', where: 'before' });
    let pid = 0;
    const model = open({ onStart: (started) => (pid = started) });
    const asking = model.say(PROMPT);
    await server.silent();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const files = readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
    model.stop();
    await asking;
    model.close();
    for (const index of TOKENS.keys()) delete process.env[`RATCHET_TEST_TOKEN_${index}`];
    expect(environment.replace(/NODE_CHANNEL[^\0]*\0/g, '')).toBe('');
    expect(commandLine).toContain('permission');
    expect(commandLine).not.toMatch(/allow-(fs|child|worker|addons)/);
    for (const secret of [...TOKENS, server.key]) expect(commandLine).not.toContain(secret);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((path) => path.startsWith('/') && path !== '/dev/null')).toEqual([]);
  });

  it('keeps a key that is said back to it out of answer, log and record', async () => {
    const exchange = await say({ kind: 'key-back' });
    expect(exchange.outcome).toMatchObject({ kind: 'answered', text: 'Your key is [the key]; you said Bearer [the key].' });
    expect(lines).toHaveLength(1);
    const everything = JSON.stringify([exchange, lines, thought(exchange.record!)]);
    expect(everything).not.toContain(server.key);
    const kept = readdirSync(folder.path, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(kept.length).toBeGreaterThan(1);
    for (const { parentPath, name } of kept) expect(readFileSync(join(parentPath, name)).includes(server.key)).toBe(false);
  });
});
