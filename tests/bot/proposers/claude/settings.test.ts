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
      key: KEY,
      baseUrl: null,
      maxOutputTokens: { ask: 4_000, decide: 16_000, write: 32_000, correct: 32_000, review: 16_000 },
      dailyTokens: 400_000,
      dailyMoney: null,
      currency: 'USD',
      prices: {},
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
    const env = { ANTHROPIC_API_KEY: KEY, PATH: '/bin' };
    take({ model: 'claude-test-1' }, env);
    expect(env).toEqual({ PATH: '/bin' });
    const unused = { ANTHROPIC_API_KEY: KEY };
    take({}, unused);
    expect(unused).toEqual({});
  });

  it('may stand in a file, that the environment goes before', () => {
    const settings = { model: 'claude-test-1', modelKeyFile: keyFile(`${KEY}\n`) };
    expect(take(settings)?.key).toBe(KEY);
    expect(take(settings, { ANTHROPIC_API_KEY: `${KEY}-2` })?.key).toBe(`${KEY}-2`);
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
