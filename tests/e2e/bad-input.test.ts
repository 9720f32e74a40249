import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '#tests/support/long.ts';
import { type Ended, runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('bad-input');
afterAll(() => folder.remove());

const HEADER = 'timestamp_ms,open,high,low,close,volume';
const HOUR = 3_600_000;
const row = (index: number, price = 100): string =>
  `${Date.UTC(2024, 0, 1) + index * HOUR},${price},${price + 1},${price - 1},${price},10`;
const good = Array.from({ length: 200 }, (_, index) => row(index));

function candleFolder(name: string, rows: readonly string[], until = '20240109'): string {
  const dir = join(folder.path, name);
  mkdirSync(dir);
  writeFileSync(join(dir, `binance_BTCUSDT_1h_20240101-${until}.csv`), `${[HEADER, ...rows].join('\n')}\n`);
  return dir;
}

/** One line on standard error, after what was reported until then; nothing on standard output. */
async function refusal(...args: string[]): Promise<string> {
  return refusalIn(await runRatchet(...args), 1);
}

/** The same for words that are wrong in themselves: the status a shell expects. */
async function wrongUse(...args: string[]): Promise<string> {
  return refusalIn(await runRatchet(...args), 2);
}

function refusalIn({ code, stdout, stderr }: Ended, expected: 1 | 2): string {
  expect(code, stderr).toBe(expected);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^ +at /m);
  const lines = stderr.trim().split('\n');
  expect(
    lines.filter((line) => line.startsWith('ratchet: ') || line.startsWith('error: ')),
    stderr,
  ).toEqual([lines.at(-1)]);
  return lines.at(-1)!;
}

describe('bad input to ratchet up gives one clear line', () => {
  it.each<[string, () => string, RegExp]>([
    [
      'shuffled rows',
      () => candleFolder('shuffled', [...good.slice(0, 50), good[60]!, ...good.slice(50)]),
      /binance_BTCUSDT.*line 5\d|:5\d/,
    ],
    [
      'duplicated rows',
      () => candleFolder('duplicated', [...good.slice(0, 50), good[49]!, ...good.slice(50)]),
      /binance_BTCUSDT/,
    ],
    [
      'a negative price',
      () => candleFolder('negative', [...good.slice(0, 50), row(50, -3), ...good.slice(51)]),
      /binance_BTCUSDT/,
    ],
    ['missing rows', () => candleFolder('missing', good, '20240229'), /binance_BTCUSDT/],
    ['a market the strategy does not trade', () => candleFolder('other', good), /ETH\/USDT/],
    ['a path that is not there', () => join(folder.path, 'nowhere'), /nowhere/],
  ])(
    '%s',
    async (_name, make, expected) => {
      const workspace = join(folder.path, `var-${_name.replaceAll(' ', '-')}`);
      const line = await refusal('up', '--once', '--port', '0', '--workspace', workspace, '--data', make());
      expect(line).toMatch(expected);
      expect(line).toMatch(/\[[a-z]+\/[a-z-]+\]$/);
      expect(existsSync(workspace)).toBe(false);
    },
    60_000,
  );

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const line = await refusal('up', '--once', '--port', String(port), '--workspace', join(folder.path, 'var-port'));
    expect(line).toContain(String(port));
    server.close();
  }, 60_000);

  const WRONG_USE = [
    ['up', '--seed', 'seven', /--seed.*from 0 to/],
    ['up', '--trials', '-1', /--trials.*from 1 to 100000/],
    ['up', '--trials', '0', /--trials.*from 1 to 100000/],
    ['up', '--workers', '0', /--workers.*from 1 to 64/],
    ['up', '--workers', '65', /--workers.*from 1 to 64/],
    ['up', '--port', '99999', /--port.*from 0 to 65535/],
    ['up', '--pace', '3600001', /--pace.*from 0 to 3600000/],
    ['up', '--frobnicate', '1', /unknown option '--frobnicate'/],
    ['engine run', '--pace', '3600001', /--pace.*from 0 to 3600000/],
    ['engine run', '--poll', '0', /--poll.*from 10 to 3600000/],
    ['data simulate', '--seed', 'seven', /--seed.*from 0 to/],
    ['data fetch', '--venue', 'kraken', /required option '--symbol/],
    ['backtest ema-cross', '--capital', '0', /--capital.*above zero/],
    ['backtest ema-cross', '--delay', '-1', /--delay -1/],
    ['backtest verify ema-cross', '--cuts', '1.5', /--cuts.*whole number/],
    ['gate all', '--base', 'main', /required option '--head/],
    ['gate nosuch --base main --head main', '--author', 'bot', /no gate nosuch/],
    ['gate all --base main --head main', '--author', 'alien', /--author alien/],
    ['doctor', '--repository', 'strategies', /owner\/name/],
    ['bot serve --repository octo/strategies', '--poll', 'x', /--poll.*from 0 to 86400/],
    ['bot setup --repository octo/strategies', '--webhook-url', 'http://bot.example.org/', /https.*ends with \/webhooks/],
  ] as const;
  // Each row starts a process; the short run takes every fifth.
  it.each(WRONG_USE.filter((_, index) => isLong || index % 5 === 0))(
    'ratchet %s %s %s',
    async (command, flag, value, expected) => {
      const workspace = join(folder.path, 'var-flags');
      const where = command === 'up' || command === 'engine run' ? ['--workspace', workspace] : [];
      expect(await wrongUse(...command.split(' '), ...where, flag, value)).toMatch(expected);
      expect(existsSync(workspace)).toBe(false);
    },
  );

  it.each<[string, () => string[], RegExp]>([
    [
      'nobody knows',
      () => ['--venue', 'nope', '--data', candleFolder('nope', good)],
      /nope.*simulated, binance.*\[up\/no-venue\]$/,
    ],
    [
      'the files are not from',
      () => ['--venue', 'kraken', '--data', candleFolder('kraken', good)],
      /kraken.*binance.*\[up\/no-venue\]$/,
    ],
    ['the simulated market is not', () => ['--venue', 'binance'], /--data.*\[up\/no-venue\]$/],
  ])('a venue %s, before anything is made or read', async (_name, flags, expected) => {
    const workspace = join(folder.path, 'var-venue');
    const { stderr } = await runRatchet('up', '--once', '--workspace', workspace, ...flags());
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(expected)]);
    expect(existsSync(workspace)).toBe(false);
  });
});

describe('a workspace', () => {
  beforeAll(async () => {
    const { code, stderr } = await runRatchet(
      'data',
      'simulate',
      '--seed',
      '1',
      '--bars',
      '2000',
      '--store',
      join(folder.path, 'simulated'),
    );
    expect(code, stderr).toBe(0);
  });

  it('that does not exist is no place for reading commands', async () => {
    for (const command of [['status'], ['verify'], ['ledger', 'verify']]) {
      expect(await refusal(...command, '--workspace', join(folder.path, 'none'))).toContain('There is no workspace');
      expect(existsSync(join(folder.path, 'none'))).toBe(false);
    }
  });

  it('that is a file, or below one, is refused', async () => {
    const file = join(folder.path, 'letter');
    writeFileSync(file, 'Dear Sir');
    for (const path of [file, join(file, 'var')]) {
      expect(await refusal('up', '--once', '--workspace', path)).toMatch(/letter.* is a file.*--workspace.*\[up\/no-folder\]$/);
    }
    expect(readFileSync(file, 'utf8')).toBe('Dear Sir');
  });

  it('in a folder with other things is refused, and the folder left as it is', async () => {
    const home = join(folder.path, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'thesis.txt'), 'three years of work');
    expect(await refusal('up', '--once', '--workspace', home)).toMatch(/thesis\.txt.*\[up\/not-a-workspace\]$/);
    expect(readdirSync(home)).toEqual(['thesis.txt']);
  });

  it.skipIf(process.getuid === undefined)('that belongs to somebody else is refused', async () => {
    const theirs = join(folder.path, 'theirs');
    mkdirSync(theirs);
    const empty = join(theirs, 'empty');
    const used = join(theirs, 'used');
    for (const dir of [empty, used]) mkdirSync(dir);
    for (const name of ['market.json', 'engine.lock']) writeFileSync(join(used, name), '');
    for (const path of [empty, used, theirs]) chmodSync(path, 0o555);
    for (const name of ['market.json', 'engine.lock']) chmodSync(join(used, name), 0o444);
    chmodSync(folder.path, 0o755);
    try {
      expect(asStranger('up', '--once', '--workspace', join(theirs, 'new'))).toMatch(
        /theirs\/new may not be.*\[up\/no-folder\]$/,
      );
      expect(asStranger('up', '--once', '--workspace', empty)).toMatch(/empty cannot be locked.*\[engine\/no-lock\]$/);
      expect(asStranger('up', '--once', '--workspace', used)).toMatch(/used cannot be locked.*\[engine\/no-lock\]$/);
      expect(readdirSync(empty)).toEqual([]);
    } finally {
      for (const path of [theirs, empty, used]) chmodSync(path, 0o755);
    }
  });
});

/** The refusal that a user without rights here gets: for whoever may do anything, the machine's nobody. */
function asStranger(...args: string[]): string {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('bot/cli/ratchet.js'), ...args], {
    encoding: 'utf8',
    ...nobody,
  });
  return refusalIn({ code: status, stdout, stderr }, 1);
}
