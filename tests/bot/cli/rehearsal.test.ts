import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rehearsalAt, rehearsalKeyIn } from '#bot/cli/engine/rehearsal-address.ts';
import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { takeVenueKeys, venueKeyVariables } from '#engine/venues/keys.ts';
import { type EngineFixture, engineFixture, strategyText } from '#tests/engine/runtime/engine-fixture.ts';
import { itLong } from '#tests/support/long.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { eventually, RatchetProcess, temporaryFolder } from '#tests/support/ratchet-process.ts';

/** Warms up with more than Kraken serves, and enters with its first bar. */
const eager = strategyText({
  symbols: ['BTC/USD'],
  timeframe: '1m',
  onBar: `
    if (!position.isOpen) return context.target(0.5, 'in', { stopLoss: 0.2 });
    return context.hold('in position');
  `,
}).replace('slow * 3', '840');
const markets = ['--symbols', 'BTC/USD', '--timeframe', '1m'];

let fixture: EngineFixture;
let folder: ReturnType<typeof temporaryFolder>;
let rehearsal: RatchetProcess;
const processes: RatchetProcess[] = [];
beforeAll(async () => {
  fixture = await engineFixture();
  await fixture.deploy({ eager }, { stage: 'paper' });
  folder = temporaryFolder('rehearsal');
  rehearsal = await startExchange(folder.path, 'kraken');
}, 60_000);
afterAll(async () => {
  for (const { child } of processes) if (child.exitCode === null) child.kill('SIGKILL');
  folder.remove();
  fixture.dispose();
});

function started(...args: string[]): RatchetProcess {
  const one = new RatchetProcess(args, { XDG_STATE_HOME: folder.path });
  processes.push(one);
  return one;
}

/** Bars of a minute close every second. */
async function startExchange(workspace: string, dialect: string): Promise<RatchetProcess> {
  const place = ['--workspace', workspace, '--dialect', dialect];
  const exchange = started('rehearsal', ...place, ...markets, '--pace', '60', '--cash', '2500');
  await eventually('an exchange', async () => exchange.stdout.includes('Trade on it'));
  return exchange;
}

/** An engine on the exchange of this workspace buys, and sells all when a person says so; nobody else hears of it. */
async function tradeOn(workspace: string, exchange: RatchetProcess): Promise<void> {
  const place = ['--workspace', workspace];
  const engine = started('engine', 'run', '--venue', 'rehearsal', ...place, '--remote', fixture.remote.url, ...markets);
  const fills = () => exchange.stdout.match(/ (buy|sell) [\d.]+ BTC\/USD at [\d.]+/g) ?? [];
  await eventually('a fill', async () => fills().length > 0, 60_000);
  expect(fills()[0]).toContain('buy');
  await ratchetHere('engine', 'flatten', ...place, '--reason', 'to see it');
  await eventually('all sold', async () => fills().some((fill) => fill.includes('sell')), 30_000);
  const status = async () => JSON.parse((await ratchetHere('engine', 'status', ...place, '--json')).stdout);
  await eventually('nothing held', async () => (await status()).positions.length === 0);
  await eventually('the trade, with the next bar', async () => (await status()).trades === 1);
  await eventually('verify', async () => (await ratchetHere('engine', 'verify', ...place)).code === 0);
  expect(await status()).toMatchObject({ venue: { orders: [] }, status: { status: 'Synced' } });
  expect(await engine.kill('SIGTERM')).toMatchObject({ code: 0 });
  const published = fixture.remote.git('ls-tree', '--name-only', 'ratchet/state').split('\n');
  expect(published).not.toContain('status.json');
}

describe('ratchet rehearsal', () => {
  it('says where it listens, on this machine only, and that nothing of it is real', () => {
    expect(rehearsal.stdout).toMatch(/^SIMULATED exchange in kraken’s dialect at http:\/\/127\.0\.0\.1:\d+: BTC\/USD, 1m\.\n/);
  });

  it('leaves its address, and a key that only its owner may read and that opens the account', async () => {
    const file = rehearsalKeyIn(folder.path);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(rehearsal.stdout).not.toContain(JSON.parse(readFileSync(file, 'utf8')).secret);
    const { exchange, baseUrl, pace } = rehearsalAt(folder.path);
    expect({ exchange, pace: pace.factor }).toEqual({ exchange: 'kraken', pace: 60 });
    const keys = takeVenueKeys({ [venueKeyVariables.file]: file });
    const venue = await openCcxtVenue({ exchange, keys, clock: systemClock, log: createLog('silent'), baseUrl });
    expect((await venue.balances()).get('USD')?.total.toFixed()).toBe('2500');
    await venue.close();
  });

  it('is traded on by an engine, with a past longer than Kraken serves, to a fill and until all is sold', async () => {
    await tradeOn(folder.path, rehearsal);
  }, 120_000);

  it('fails when it is told to, from another terminal, and says what it does', async () => {
    const fault = (...args: string[]) => ratchetHere('rehearsal', 'fault', ...args, '--workspace', folder.path);
    const { baseUrl } = rehearsalAt(folder.path);
    const time = () => fetch(`${baseUrl}/0/public/Time`).then(({ status }) => status);
    expect(await fault('server-error', '--for', '5m')).toMatchObject({ code: 0, stdout: expect.stringContaining('for 300 s') });
    expect(await time()).toBeGreaterThanOrEqual(500);
    expect(await fault('none')).toMatchObject({ code: 0 });
    expect(await time()).toBe(200);
    expect(await fault('deposit')).toMatchObject({ code: 1, stderr: expect.stringContaining('an asset and an amount') });
    expect(await fault('rain')).toMatchObject({ code: 2 });
  });

  it('is missed by name where none was started', async () => {
    const other = temporaryFolder('no-rehearsal');
    const missed = await ratchetHere(
      ...['engine', 'run', '--venue', 'rehearsal', '--workspace', other.path, '--remote', 'http://127.0.0.1:1/r.git'],
    );
    expect(missed).toMatchObject({ code: 1, stderr: expect.stringContaining('engine/no-rehearsal') });
    expect(existsSync(join(other.path, 'engine'))).toBe(false);
    other.remove();
  });

  it('ends when it is told to, and well', async () => {
    const ended = await rehearsal.kill('SIGTERM');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  }, 20_000);

  itLong(
    'is traded on in Binance’s dialect too',
    async () => {
      const other = temporaryFolder('rehearsal-binance');
      await tradeOn(other.path, await startExchange(other.path, 'binance'));
      other.remove();
    },
    120_000,
  );

  itLong(
    'lists what the strategies of this folder ask for where nothing is named',
    async () => {
      const other = temporaryFolder('rehearsal-bare');
      const bare = started('rehearsal', '--workspace', other.path);
      await eventually('an exchange', async () => bare.stdout.includes('Trade on it'));
      expect(bare.stdout).toContain(': BTC/USDT, ETH/USDT, 1h.');
      await bare.kill('SIGTERM');
      other.remove();
    },
    60_000,
  );
});
