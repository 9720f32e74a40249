import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startProcess } from '#bot/proposers/process/start-process.ts';
import { explain } from '#engine/errors.ts';
import { FRAME_KIND } from '#engine/sandbox/frame.ts';
import { FramedProcess } from '#engine/sandbox/framed-process.ts';
import { launchOf, launchPlan } from '#engine/sandbox/launch.ts';
import { accountName, takeVenueKeys, VenueKeys } from '#engine/venues/keys.ts';
import { answering } from '../sandbox/answering.ts';

const KEY = 'key-of-an-account';
const SECRET = 'secret-of-an-account';
const folder = mkdtempSync(join(tmpdir(), 'ratchet-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(content: unknown, mode = 0o600): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  chmodSync(path, mode);
  return path;
}

const wordsOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return `${explain(error)} ${inspect(error, { depth: 9, showHidden: true })}`;
  }
  throw new Error('nothing was thrown');
};

describe('the key of an exchange', () => {
  it('is taken out of the environment, so that what is started afterwards does not inherit it', () => {
    const environment: Record<string, string | undefined> = {
      RATCHET_VENUE_KEY: KEY,
      RATCHET_VENUE_SECRET: SECRET,
      PATH: '/bin',
    };
    expect(takeVenueKeys(environment).reveal()).toEqual({ key: KEY, secret: SECRET });
    expect(environment).toEqual({ PATH: '/bin' });
  });

  it('is read from a file that nobody else may read', () => {
    const path = keyFile({ key: KEY, secret: SECRET });
    expect(takeVenueKeys({ RATCHET_VENUE_KEY_FILE: path }).reveal()).toEqual({ key: KEY, secret: SECRET });
    chmodSync(path, 0o640);
    expect(() => takeVenueKeys({ RATCHET_VENUE_KEY_FILE: path })).toThrow(/mode 640/);
  });

  it('is read as Coinbase downloads it, and with its line ends written out', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----';
    const name = 'organizations/one/apiKeys/two';
    const path = keyFile({ name, privateKey: `${pem}\n` });
    expect(takeVenueKeys({ RATCHET_VENUE_KEY_FILE: path }).reveal()).toEqual({ key: name, secret: pem });
    const given = { RATCHET_VENUE_KEY: name, RATCHET_VENUE_SECRET: pem.replaceAll('\n', '\\n') };
    expect(takeVenueKeys(given).reveal()).toEqual({ key: name, secret: pem });
  });

  it.each([
    ['no variable', {}, /no key/],
    ['half of it', { RATCHET_VENUE_SECRET: SECRET }, /RATCHET_VENUE_SECRET is set without its other half/],
    ['a file that is not there', { RATCHET_VENUE_KEY_FILE: join(folder, 'none') }, /cannot be read/],
    ['a file that is no JSON', { RATCHET_VENUE_KEY_FILE: keyFile(`{"key": "${KEY}", ${SECRET}`) }, /is not one/],
    ['a file without a secret', { RATCHET_VENUE_KEY_FILE: keyFile({ key: KEY, sceret: SECRET }) }, /is not one/],
  ])('is asked for where there is %s, in words without it', (_what, environment, expected) => {
    const words = wordsOf(() => takeVenueKeys({ ...environment }));
    expect(words).toMatch(expected);
    expect(words).not.toContain(KEY);
    expect(words).not.toContain(SECRET);
  });

  it('shows itself on purpose only: not printed, logged, thrown or written', () => {
    const keys = new VenueKeys(KEY, SECRET);
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    log.info({ keys, options: { deep: { keys } } }, `opening with ${keys}`);
    log.error(new Error('failed', { cause: keys }));
    const shown = [
      ...lines,
      inspect(keys, { showHidden: true, depth: 9 }),
      JSON.stringify({ keys }),
      String(keys),
      Object.values(keys).join(),
    ];
    expect(shown.join()).toContain('[keys]');
    expect(shown.join()).not.toMatch(new RegExp(`${KEY}|${SECRET}`));
  });

  it('is struck out of what an exchange says, as it is and as it stands in an address', () => {
    const keys = new VenueKeys('abc/def+1', 'line one of it\nline two of it');
    const said = 'bad key abc/def+1 (abc%2Fdef%2B1), secret line two of it, "line one of it\\nline two of it"';
    expect(keys.strike(said)).toBe('bad key [struck out] ([struck out]), secret [struck out], "[struck out]"');
  });

  it('names its account by a digest: the same for the same key, another at another exchange', () => {
    const keys = new VenueKeys(KEY, SECRET);
    expect(accountName('kraken', keys)).toMatch(/^kraken-[0-9a-f]{12}$/);
    expect(accountName('kraken', keys)).toBe(accountName('kraken', new VenueKeys(KEY, 'renewed')));
    expect(accountName('kraken', keys)).not.toBe(accountName('kraken', new VenueKeys(`${KEY}2`, SECRET)));
    expect(accountName('kraken', keys).slice(-12)).not.toBe(accountName('binance', keys).slice(-12));
  });
});

describe('a new key to the same account', () => {
  it('keeps the name under which everything was written down, from the variable or the file', () => {
    const account = accountName('kraken', new VenueKeys('the key before', SECRET));
    const given = takeVenueKeys({ RATCHET_VENUE_KEY: KEY, RATCHET_VENUE_SECRET: SECRET, RATCHET_VENUE_ACCOUNT: account });
    expect(accountName('kraken', given)).toBe(account);
    const path = keyFile({ key: KEY, secret: SECRET, account });
    expect(accountName('kraken', takeVenueKeys({ RATCHET_VENUE_KEY_FILE: path }))).toBe(account);
  });

  it("is not taken for one of another exchange's, nor a rehearsal for the real one", () => {
    const keys = new VenueKeys(KEY, SECRET, 'kraken-0123456789ab');
    for (const venue of ['binance', 'rehearsal-kraken']) {
      expect(() => accountName(venue, keys)).toThrow(`no account of ${venue}`);
    }
  });
});

describe('a process that runs what machines wrote', () => {
  afterEach(() => {
    delete process.env.RATCHET_VENUE_KEY;
    delete process.env.RATCHET_VENUE_SECRET;
  });
  const withKeysInEnvironment = () => Object.assign(process.env, { RATCHET_VENUE_KEY: KEY, RATCHET_VENUE_SECRET: SECRET });

  it("has none of the key when it is a strategy's, though the engine's environment still holds it", async () => {
    withKeysInEnvironment();
    const launch = launchOf(await launchPlan(), answering('JSON.stringify(process.env)'), 64);
    const child = new FramedProcess(launch, { textBytesMax: 1000, arrayCountMax: 4, arrayBytesMax: 800 });
    const { text } = await child.exchange(FRAME_KIND.call, 'test', '', [], 10_000);
    await child.exited;
    expect(Object.keys(JSON.parse(text)).filter((name) => name !== 'PWD')).toEqual([]);
  });

  it("has none of it when it is a proposer's", async () => {
    withKeysInEnvironment();
    const child = startProcess('process.send(process.env)', {
      readFromDisk: [],
      mayUseNetwork: false,
      memoryMb: 64,
      serialization: 'json',
    });
    const environment = await new Promise((resolve, reject) => child.once('message', resolve).once('error', reject));
    child.kill();
    expect(JSON.stringify(environment)).not.toMatch(/RATCHET|account/);
  });
});
