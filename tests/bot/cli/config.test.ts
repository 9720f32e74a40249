import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { remoteUrlOf } from '#bot/cli/bot/settings.ts';
import { loadBotSettings, loadConfig } from '#bot/cli/config.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('config');
afterAll(() => folder.remove());

function file(text: string): string {
  const path = join(folder.path, 'ratchet.yaml');
  writeFileSync(path, text);
  return path;
}

describe('the configuration', () => {
  it('takes flags over the environment over the file over the defaults', () => {
    const path = file('trials: 10\nworkers: 3\nport: 9000\n');
    const config = loadConfig(
      { trials: 30, seed: undefined },
      { RATCHET_TRIALS: '20', RATCHET_WORKERS: '4', RATCHET_PACE_MS: '0' },
      path,
    );
    expect(config).toEqual({
      workspace: 'var',
      trials: 30,
      workers: 4,
      port: 9000,
      people: {},
      paceMs: 0,
      logLevel: 'warn',
      keep: { recordedDays: 7, fiveMinuteDays: 90, hourDays: 1095 },
      modelMaxOutputTokens: {},
      modelCurrency: 'USD',
      modelPrices: {},
      modelVia: 'anthropic',
      modelDailyTokens: 400_000,
      worktreeDays: 14,
      thoughtDays: 400,
      nightMinutes: 90,
      proposer: 'evolution',
      modelMask: 'none',
    });
  });

  it('needs no file, but the one that is named', () => {
    expect(loadConfig({}, {})).toMatchObject({ trials: 60, workspace: 'var' });
    expect(() => loadConfig({}, {}, join(folder.path, 'none.yaml'))).toThrow('none.yaml cannot be read');
  });

  it.each<[string, () => unknown, RegExp]>([
    ['an unknown setting in the file', () => loadConfig({}, {}, file('trails: 10\n')), /ratchet\.yaml.*trails/],
    ['a number out of range in the file', () => loadConfig({}, {}, file('workers: 0\n')), /workers in .*ratchet\.yaml/],
    ['a file that is no YAML', () => loadConfig({}, {}, file('trials: [')), /cannot be read/],
    ['a file that is a list', () => loadConfig({}, {}, file('- trials\n')), /ratchet\.yaml/],
    ['a word for a number in the environment', () => loadConfig({}, { RATCHET_SEED: 'seven' }), /seed in the environment/],
    [
      'a time zone that does not exist',
      () => loadConfig({}, {}, file("nights: { at: '30 2 * * *', timeZone: Nowhere }\n")),
      /nights\.timeZone in .*ratchet\.yaml: there is no time zone Nowhere/,
    ],
    [
      'a time that no clock shows',
      () => loadConfig({}, { RATCHET_NIGHTS: '30 25 * * *' }),
      /nights\.at in the environment: .*hour/,
    ],
    ['a log level that does not exist', () => loadConfig({}, { RATCHET_LOG_LEVEL: 'loud' }), /logLevel in the environment/],
  ])('refuses %s, naming it and where it stands', (_name, load, expected) => {
    expect(load).toThrow(expected);
  });
});

describe('the settings of the bot', () => {
  it('stand in the same file as those of the loop, and in the environment', () => {
    const path = file('trials: 10\nrepository: octo/strategies\npollSeconds: 60\n');
    expect(loadConfig({}, {}, path)).toMatchObject({ trials: 10, workspace: 'var' });
    expect(loadBotSettings({ listen: '[::1]:80' }, { RATCHET_POLL_SECONDS: '30' }, path)).toEqual({
      workspace: 'var',
      repository: 'octo/strategies',
      apiUrl: 'https://api.github.com',
      listen: '[::1]:80',
      pollSeconds: 30,
      logLevel: 'info',
      modelMaxOutputTokens: {},
      modelCurrency: 'USD',
      modelPrices: {},
      modelVia: 'anthropic',
      modelDailyTokens: 400_000,
      worktreeDays: 14,
      thoughtDays: 400,
      nightMinutes: 90,
      proposer: 'evolution',
      modelMask: 'none',
    });
  });

  it('say where git finds what the API is about', () => {
    const name = { owner: 'o', name: 'r' };
    expect(remoteUrlOf('https://api.github.com', name)).toBe('https://github.com/o/r.git');
    expect(remoteUrlOf('https://ghe.example/api/v3', name)).toBe('https://ghe.example/o/r.git');
    expect(remoteUrlOf('http://127.0.0.1:7411/api/v3', name)).toBe('http://127.0.0.1:7411/o/r.git');
  });

  it.each([
    ['an API without TLS elsewhere', { apiUrl: 'http://api.example' }, /apiUrl.*https/],
    ['a repository without an owner', { repository: 'strategies' }, /owner\/name/],
    ['a repository with a way out', { repository: 'octo/..' }, /owner\/name/],
    ['an address without a port', { listen: 'localhost' }, /HOST:PORT/],
  ])('refuse %s', (_what, flags, expected) => {
    expect(() => loadBotSettings(flags, {})).toThrow(expected);
  });
});
