import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

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

/** One line, with a code, on standard error; nothing on standard output. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runRatchet(...args);
  expect(code, stderr).not.toBe(0);
  expect(stdout).toBe('');
  const lines = stderr.trim().split('\n');
  expect(
    lines.filter((line) => line.startsWith('ratchet: ') || line.startsWith('error: ')),
    stderr,
  ).toHaveLength(1);
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
      expect(existsSync(join(workspace, 'market.json'))).toBe(false);
      const series = join(workspace, 'candles', 'series');
      if (_name !== 'a market the strategy does not trade') expect(existsSync(series) ? readdirSync(series) : []).toEqual([]);
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

  it.each([
    ['--seed', 'seven'],
    ['--trials', '-1'],
    ['--frobnicate', '1'],
  ])('the flag %s %s', async (flag, value) => {
    expect(await refusal('up', flag, value)).toContain(flag);
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
});
