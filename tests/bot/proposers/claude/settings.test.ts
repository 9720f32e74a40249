import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBotSettings, loadConfig } from '#bot/cli/config.ts';
import { ModelSettings, takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('model-settings');
afterAll(() => folder.remove());
const KEY = 'sk-ant-test-0123456789abcdefghij';

function keyFile(text: string, mode = 0o600): string {
  const path = join(folder.path, 'key');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const take = (settings: Partial<ModelSettings>, env: NodeJS.ProcessEnv = {}) =>
  takeModelAccess(ModelSettings.parse(settings), env);

describe('a model', () => {
  it('is configured by a name and a key, and not by one of them', () => {
    expect(take({ model: 'claude-test-1' }, { ANTHROPIC_API_KEY: KEY })).toEqual({
      model: 'claude-test-1',
      reviewModel: 'claude-test-1',
      via: { kind: 'anthropic' },
      credential: { kind: 'bearer', token: KEY },
      baseUrl: null,
      maxOutputTokens: { ask: 4_000, decide: 16_000, write: 32_000, correct: 32_000, review: 16_000 },
      dailyTokens: 400_000,
      dailyMoney: null,
      currency: 'USD',
      prices: {},
      thoughtDays: 400,
      mask: 'none',
      knownUntil: null,
    });
    expect(take({ model: 'claude-test-1' })).toBeNull();
    expect(take({ model: 'claude-test-1' }, { ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: KEY })).toBeNull();
    expect(take({}, { ANTHROPIC_API_KEY: KEY })).toBeNull();
  });

  it('may be another one for reviews, and may be let write more, for everything or for something', () => {
    const env = () => ({ ANTHROPIC_API_KEY: KEY });
    expect(take({ model: 'm', reviewModel: 'claude-test-2' }, env())).toMatchObject({ model: 'm', reviewModel: 'claude-test-2' });
    expect(take({ model: 'm', modelMaxOutputTokens: 900 }, env())?.maxOutputTokens).toEqual({
      ask: 900,
      decide: 900,
      write: 900,
      correct: 900,
      review: 900,
    });
    expect(take({ model: 'm', modelMaxOutputTokens: { write: 60_000 } }, env())?.maxOutputTokens).toMatchObject({
      ask: 4_000,
      write: 60_000,
      correct: 32_000,
    });
    for (const wrong of [{ wirte: 9_000 }, { write: 100 }, 100, 'many'])
      expect(() => loadBotSettings({ modelMaxOutputTokens: wrong }, {})).toThrow(/^modelMaxOutputTokens.* in the flags: /);
  });

  it('is named in the same file and environment as everything else, for the bot and for the loop', () => {
    const path = join(folder.path, 'ratchet.yaml');
    writeFileSync(path, 'model: claude-test-1\nmodelDailyTokens: 5000\n');
    for (const load of [loadBotSettings, loadConfig]) {
      expect(load({}, { RATCHET_MODEL_DAILY_TOKENS: '6000', RATCHET_MODEL_BASE_URL: 'http://127.0.0.1:1/' }, path)).toMatchObject(
        {
          model: 'claude-test-1',
          modelDailyTokens: 6_000,
          modelBaseUrl: 'http://127.0.0.1:1',
        },
      );
    }
    expect(() => loadBotSettings({}, { RATCHET_MODEL_BASE_URL: 'http://models.example' }, path)).toThrow(
      'https, or on this machine',
    );
    expect(() => loadBotSettings({}, { RATCHET_MODEL: 'a model' }, path)).toThrow('no name of a model');
  });
});

describe('a model that is reached through somebody else', () => {
  const account = (change: object = {}) =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'bot@my-project.iam.gserviceaccount.com',
      private_key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: 'https://oauth2.googleapis.com/token',
      ...change,
    });
  const vertex = { model: 'claude-test-1', modelVia: 'vertex', modelRegion: 'global', modelProject: 'my-project' } as const;
  const bedrock = { model: 'anthropic.claude-test-1', modelVia: 'bedrock', modelRegion: 'us-east-1' } as const;

  it('is let in by the key that one has for them, and by no other', () => {
    const env = () => ({
      ANTHROPIC_API_KEY: KEY,
      AWS_BEARER_TOKEN_BEDROCK: `${KEY}-aws`,
      CLOUDSDK_AUTH_ACCESS_TOKEN: `${KEY}-gcp`,
    });
    expect(take(bedrock, env())).toMatchObject({
      via: { kind: 'bedrock', region: 'us-east-1' },
      credential: { kind: 'bearer', token: `${KEY}-aws` },
    });
    expect(take(vertex, env())).toMatchObject({
      via: { kind: 'vertex', region: 'global', project: 'my-project' },
      credential: { kind: 'bearer', token: `${KEY}-gcp` },
    });
    expect(take(vertex, { ANTHROPIC_API_KEY: KEY })).toBeNull();
  });

  it('may be asked in the name of a Google service account', () => {
    const text = account();
    expect(take({ ...vertex, modelKeyFile: keyFile(text) })?.credential).toEqual({
      kind: 'service-account',
      email: 'bot@my-project.iam.gserviceaccount.com',
      privateKey: JSON.parse(text).private_key,
      tokenUrl: 'https://oauth2.googleapis.com/token',
    });
  });

  it.each([
    ['that is no JSON', '{"type":'],
    ['of another kind', account({ type: 'authorized_user' })],
    ['whose key is none', account({ private_key: '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n' })],
    ['that would send what it signs in the clear', account({ token_uri: 'http://tokens.example/token' })],
  ])('is not asked in the name of an account %s, and nothing of it is said', (_name, text) => {
    const asking = () => take({ ...vertex, modelKeyFile: keyFile(text) });
    expect(asking).toThrow(expect.objectContaining({ code: 'claude/bad-key' }));
    expect(asking).not.toThrow(/c2VjcmV0|tokens\.example|authorized_user/);
  });

  it.each([
    ['modelRegion', { ...bedrock, modelRegion: undefined }],
    ['modelRegion', { ...vertex, modelRegion: undefined }],
    ['modelProject', { ...vertex, modelProject: undefined }],
  ])('needs %s', (setting, settings) => {
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    expect(() => take(given)).toThrow(expect.objectContaining({ code: 'claude/no-place', details: { setting } }));
  });
});

describe("a day's money", () => {
  const price = { input: 5, output: 25, cacheWrite: 6.25, cacheRead: 0.5 };
  const limited =
    (modelPrices: Record<string, object>, more: object = {}) =>
    () =>
      takeModelAccess(ModelSettings.parse({ model: 'claude-test-1', modelDailyMoney: 12.5, modelPrices, ...more }), {
        ANTHROPIC_API_KEY: KEY,
      });

  it('is limited in a currency, by what the models are said to cost', () => {
    expect(limited({ 'claude-test-1': price }, { modelCurrency: 'EUR' })()).toMatchObject({
      dailyMoney: 12_500_000,
      currency: 'EUR',
      prices: { 'claude-test-1': { input: 5_000_000, output: 25_000_000, cacheWrite: 6_250_000, cacheRead: 500_000 } },
    });
  });

  it('is not limited for a model that nobody knows the price of: that is said, and nothing starts', () => {
    for (const without of [limited({}), limited({ 'claude-test-1': price }, { reviewModel: 'claude-test-2' })])
      expect(without).toThrow(expect.objectContaining({ code: 'claude/no-price' }));
    expect(limited({ 'claude-test-1': price, 'claude-test-2': price }, { reviewModel: 'claude-test-2' })).not.toThrow();
  });

  it('needs all four prices, each an amount', () => {
    const { cacheRead: _, ...three } = price;
    expect(limited({ 'claude-test-1': three })).toThrow('cacheRead');
    expect(limited({ 'claude-test-1': { ...price, input: -5 } })).toThrow('an amount');
    expect(() => loadBotSettings({}, { RATCHET_MODEL_DAILY_MONEY: 'plenty' })).toThrow(
      'modelDailyMoney in the environment: it is an amount',
    );
  });
});

describe("a model's key", () => {
  it('is taken out of the environment, so that nothing started later inherits it', () => {
    const env = { ANTHROPIC_API_KEY: KEY, AWS_BEARER_TOKEN_BEDROCK: KEY, CLOUDSDK_AUTH_ACCESS_TOKEN: KEY, PATH: '/bin' };
    take({ model: 'claude-test-1' }, env);
    expect(env).toEqual({ PATH: '/bin' });
    const unused = { ANTHROPIC_API_KEY: KEY };
    take({}, unused);
    expect(unused).toEqual({});
  });

  it('may stand in a file, that the environment goes before', () => {
    const settings = { model: 'claude-test-1', modelKeyFile: keyFile(`${KEY}\n`) };
    expect(take(settings)?.credential).toEqual({ kind: 'bearer', token: KEY });
    expect(take(settings, { ANTHROPIC_API_KEY: `${KEY}-2` })?.credential).toEqual({ kind: 'bearer', token: `${KEY}-2` });
  });

  it.runIf(process.platform !== 'win32')('is refused from a file that others can reach', () => {
    for (const mode of [0o640, 0o604, 0o622]) {
      const settings = { model: 'claude-test-1', modelKeyFile: keyFile(KEY, mode) };
      expect(() => take(settings)).toThrow(expect.objectContaining({ code: 'claude/key-exposed' }));
    }
  });

  it.each([
    ['claude/no-key-file', () => take({ model: 'm', modelKeyFile: join(folder.path, 'none') })],
    ['claude/bad-key', () => take({ model: 'm', modelKeyFile: keyFile('two words that are long') })],
    ['claude/bad-key', () => take({ model: 'm' }, { ANTHROPIC_API_KEY: 'short' })],
  ])('is missed with %s, and never said', (code, load) => {
    try {
      load();
      throw new Error('It was taken.');
    } catch (error) {
      expect(error).toMatchObject({ code });
      expect(String(error)).not.toMatch(/two words|short/);
    }
  });
});
