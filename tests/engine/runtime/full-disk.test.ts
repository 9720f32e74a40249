import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { Engine } from '#engine/runtime/engine.ts';
import type { EngineEvent } from '#engine/runtime/events.ts';
import { parseOptions } from '#engine/runtime/options.ts';
import { verifyJournal } from '#engine/trading/verify-journal.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { itLong } from '#tests/support/long.ts';
import { mayMount, type SmallDisk, smallDisk } from '#tests/support/small-disk.ts';
import {
  type EngineFixture,
  engineFixture,
  hourMs,
  read,
  replayFrom,
  rules,
  startEngine,
  strategyText,
  until,
} from './engine-fixture.ts';

describe.skipIf(!mayMount)('an engine whose disk is full (a filesystem of its own, to be mounted by root)', () => {
  let fixture: EngineFixture;
  let disk: SmallDisk;
  beforeAll(async () => {
    fixture = await engineFixture();
    disk = smallDisk(16)!;
  });
  afterAll(() => {
    fixture.dispose();
    disk.remove();
  });

  it('decides nothing and says why, loses nothing, and goes on when there is room', async () => {
    await fixture.deploy({ often: strategyText() });
    const running = await startEngine(fixture.options({ dir: disk.path, paceMs: 5 }));
    const bars = () => running.events.filter(({ kind }) => kind === 'bar').length;
    await until('some bars', () => bars() > 5);
    disk.fill();
    const said = await until('what it says', () =>
      running.events.find((event) => event.kind === 'status' && event.status.reason.includes('is full')),
    );
    expect(said).toMatchObject({
      status: { status: 'Degraded', reason: expect.stringMatching(/nothing is decided until it takes/) },
    });
    const whenFull = bars();
    expect(bars()).toBe(whenFull);
    disk.makeRoom();
    await until('more bars', () => bars() > whenFull + 20);
    await running.stop();
    const { equity, decisions } = read(disk.path, (reader) => ({
      equity: reader.equitySeries().map(({ instant }) => instant),
      decisions: reader.counts().decisions,
    }));
    // Every bar once.
    expect(equity).toEqual(equity.map((_, at) => replayFrom + (at + 1) * hourMs));
    expect(decisions).toBe(2 * equity.length);
  });
});

describe.skipIf(!mayMount)('an engine that trades on a venue', () => {
  itLong(
    'stops when its journal cannot be written, begins anew when there is room, and has lost and doubled no order',
    async () => {
      const disk = smallDisk(16)!;
      const fixture = await engineFixture();
      const state = mkdtempSync(join(tmpdir(), 'ratchet-state-'));
      process.env.XDG_STATE_HOME = state;
      const since = Date.now();
      const factor = 60;
      const clock = pacedClock(systemClock, factor, since);
      const prices = { seed: 3, symbols: ['BTC/USD'], timeframe: '1m' } as const;
      const rehearsal = await startRehearsal({ dialect: 'kraken', prices, balances: { USD: '10000' }, clock });
      try {
        const keyFile = join(state, 'key.json');
        writeFileSync(keyFile, JSON.stringify({ key: rehearsal.key.key, secret: rehearsal.key.secret }), { mode: 0o600 });
        const place = { exchange: 'kraken', baseUrl: rehearsal.baseUrl } as const;
        const market = {
          ...place,
          symbols: ['BTC/USD'],
          timeframe: '1m',
          pace: { factor, since },
          markets: { 'BTC/USD': rules },
        } as const;
        const options = parseOptions({
          ...fixture.options({ dir: disk.path }),
          market: { ...market, symbols: [...market.symbols] },
          venue: { ...place, keyFile },
        });
        const onBar = `
          if (!position.isOpen) return context.target(0.5, 'in again', { stopLoss: 0.2 });
          if (position.barsHeld >= 2) return context.exit('enough');
          return context.hold('waiting');`;
        const restless = strategyText({ symbols: ['BTC/USD'], timeframe: '1m', onBar });
        await fixture.deploy({ trend: restless }, { stage: 'canary' });
        const events: EngineEvent[] = [];
        const start = async () => {
          const engine = await Engine.open(options, { clock, log: createLog('silent'), onEvent: (event) => events.push(event) });
          return {
            engine,
            ended: engine.run().then(
              () => null,
              (error: unknown) => error,
            ),
          };
        };
        const first = await start();
        await until('a trade', () => read(disk.path, (reader) => reader.trades().length > 0), 60_000);
        disk.fill();
        await until(
          'what it says',
          () => events.some((event) => event.kind === 'status' && event.status.reason.includes('is full')),
          60_000,
        );
        disk.makeRoom();
        expect(await first.ended).toMatchObject({ code: 'engine/begin-anew' });
        const trades = read(disk.path, (reader) => reader.trades().length);
        const second = await start();
        await until('more trades', () => read(disk.path, (reader) => reader.trades().length > trades), 60_000);
        second.engine.stop();
        expect(await second.ended).toBeNull();
        expect(read(disk.path, (reader) => reader.journals().flatMap((journal) => verifyJournal(journal, clock.now())))).toEqual(
          [],
        );
        expect(rehearsal.exchange.books().every(({ difference }) => difference.eq(0))).toBe(true);
        const ids = rehearsal.exchange.orders('rehearsal').map(({ clientOrderId }) => clientOrderId);
        expect(new Set(ids).size).toBe(ids.length);
      } finally {
        delete process.env.XDG_STATE_HOME;
        await rehearsal.close();
        fixture.dispose();
        rmSync(state, { recursive: true, force: true });
        disk.remove();
      }
    },
    180_000,
  );
});
