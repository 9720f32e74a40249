import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCredentials, readFacts, saveCredentials } from '#bot/github/credentials.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const webhookSecret = 'sixteen letters!';
const facts = { appId: 42, slug: 'r', name: 'R', url: 'http://127.0.0.1/apps/r', apiUrl: 'http://127.0.0.1/api/v3' };

describe("the App's credentials", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let dir: string;
  const save = (): void => saveCredentials(dir, facts, { privateKey, webhookSecret });
  beforeEach(() => {
    folder = temporaryFolder('credentials');
    dir = join(folder.path, 'github');
  });
  afterEach(() => folder.remove());

  it('are kept for their owner alone and read again', () => {
    save();
    expect(loadCredentials(dir, {})).toEqual({ appId: 42, privateKey, webhookSecret });
    expect(readFacts(dir)).toEqual(facts);
    const modes = ['.', ...readdirSync(dir)].map((name) => (statSync(join(dir, name)).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '600', '600', '600']);
  });

  it('never take the place of another App', () => {
    save();
    expect(save).toThrow('holds an App already');
  });

  it('take the place of what a killed set-up left', () => {
    mkdirSync(dir);
    for (const name of ['private-key.pem', 'webhook-secret', 'app.json.new']) writeFileSync(join(dir, name), 'half');
    save();
    expect(loadCredentials(dir, {})).toEqual({ appId: 42, privateKey, webhookSecret });
    expect(readdirSync(dir).toSorted()).toEqual(['app.json', 'private-key.pem', 'webhook-secret']);
  });

  it('may come from the environment, with the line ends of the key written out', () => {
    const env = {
      RATCHET_APP_ID: '7',
      RATCHET_PRIVATE_KEY: privateKey.replaceAll('\n', '\\n'),
      RATCHET_WEBHOOK_SECRET: 'another secret of the test',
    };
    expect(loadCredentials(dir, env)).toEqual({ appId: 7, privateKey, webhookSecret: 'another secret of the test' });
  });

  it.each<[string, () => void, NodeJS.ProcessEnv, RegExp]>([
    ['that are not there', () => {}, {}, /app\.json cannot be read.*environment/],
    ['that others may read', () => chmodSync(join(dir, 'private-key.pem'), 0o640), {}, /mode 640/],
    ['whose secret is short', () => {}, { RATCHET_WEBHOOK_SECRET: 'development' }, /webhook secret/],
    ['whose secret is white space', () => writeFileSync(join(dir, 'webhook-secret'), ' '.repeat(20)), {}, /webhook secret/],
    ['whose key is none', () => writeFileSync(join(dir, 'private-key.pem'), 'no key'), {}, /no PEM/],
    ['whose id is a word', () => {}, { RATCHET_APP_ID: 'ratchet' }, /no App's id/],
  ])('are refused %s', (what, spoil, env, reason) => {
    if (what !== 'that are not there') save();
    spoil();
    expect(() => loadCredentials(dir, env)).toThrow(reason);
  });

  it('say nothing of a key that cannot be read', () => {
    save();
    writeFileSync(join(dir, 'private-key.pem'), privateKey.replace('BEGIN', 'BEGINN'));
    expect(() => loadCredentials(dir, {})).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(privateKey.slice(100, 120)) }),
    );
  });
});
