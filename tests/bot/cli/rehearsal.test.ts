import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rehearsalAt, rehearsalKeyIn } from '#bot/cli/engine/rehearsal-address.ts';
import { doByHand } from '#bot/cli/engine/rehearsal-by-hand.ts';
import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { takeVenueKeys, venueKeyVariables } from '#engine/venues/keys.ts';
import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { eventually, RatchetProcess, temporaryFolder } from '#tests/support/ratchet-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
let rehearsal: RatchetProcess;
beforeAll(async () => {
  folder = temporaryFolder('rehearsal');
  rehearsal = new RatchetProcess(['rehearsal', '--workspace', folder.path, '--symbols', 'BTC/USD', '--cash', '2500']);
  await eventually('an exchange', async () => rehearsal.stdout.includes('Trade on it'));
}, 60_000);
afterAll(async () => {
  if (rehearsal.child.exitCode === null) await rehearsal.kill('SIGKILL');
  folder.remove();
});

describe('ratchet rehearsal', () => {
  it('says where it listens, on this machine only, and that nothing of it is real', () => {
    expect(rehearsal.stdout).toMatch(/^SIMULATED exchange in kraken’s dialect at http:\/\/127\.0\.0\.1:\d+: BTC\/USD\.\n/);
  });

  it('leaves its address, and a key that only its owner may read and that opens the account', async () => {
    const file = rehearsalKeyIn(folder.path);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(rehearsal.stdout).not.toContain(JSON.parse(readFileSync(file, 'utf8')).secret);
    const { exchange, baseUrl, pace } = rehearsalAt(folder.path);
    expect({ exchange, pace: pace.factor }).toEqual({ exchange: 'kraken', pace: 1 });
    const keys = takeVenueKeys({ [venueKeyVariables.file]: file });
    const venue = await openCcxtVenue({ exchange, keys, clock: systemClock, log: createLog('silent'), baseUrl });
    expect((await venue.balances()).get('USD')?.total.toFixed()).toBe('2500');
    await venue.close();
  });

  it('lets a person do at the exchange what the engine has not asked for', async () => {
    const { exchange, key, close } = await startRehearsal({
      dialect: 'kraken',
      prices: { seed: 1, symbols: ['BTC/USD'], timeframe: '1m' },
      balances: { USD: '10000' },
    });
    const done: boolean[] = [];
    const hand = { exchange, key, setMaintenance: (isOn: boolean) => void done.push(isOn) };
    expect(doByHand(hand, 'deposit BTC 0.01')).toBe('0.01 BTC was paid in.');
    expect(doByHand(hand, ' buy BTC/USD 0.02 ')).toBe('Order 1 of 0.02 BTC/USD is filled.');
    expect(exchange.balances(key.account).get('BTC')?.total.toFixed()).toBe('0.03');
    for (const word of ['on', 'off', 'perhaps']) doByHand(hand, `maintenance ${word}`);
    expect(done).toEqual([true, false]);
    for (const line of ['deposit BTC -1', 'deposit BTC', 'buy XRP/USD 1'])
      expect(doByHand(hand, line)).toMatch(/^Nothing was done: /);
    expect(doByHand(hand, 'sell')).toMatch(/^It knows: deposit ASSET AMOUNT/);
    await close();
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
});
