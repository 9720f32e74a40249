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
import { ext4Disk, mayMountExt4 } from '#tests/support/ext4-disk.ts';
import { isLong, itLong } from '#tests/support/long.ts';
import { mayMount, type SmallDisk, smallDisk } from '#tests/support/small-disk.ts';
import {
  type EngineFixture,
  engineFixture,
  exitOf,
  forkEngine,
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
    const saidAt = Date.now();
    // It tries again every second, and bars are due all the while.
    await until('two more tries', () => Date.now() - saidAt > 2_500);
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

  it('and that is told to stop meanwhile ends in one sentence that says where and what to do, and has every bar after all', async () => {
    const dir = disk.path;
    const running = await startEngine(fixture.options({ dir, paceMs: 5 }));
    const isSaid = () => running.events.some((event) => event.kind === 'status' && event.status.reason.includes('is full'));
    const last = () => read(dir, (reader) => reader.lastFeedTime()!);
    disk.fill();
    await until('what it says', isSaid);
    await expect(running.stop()).rejects.toMatchObject({
      code: 'engine/disk-full',
      message: expect.stringContaining(`the disk under ${dir} is full`),
      remedy: expect.stringMatching(/^Make room, and start the engine again/),
    });
    const before = last();
    disk.makeRoom();
    const again = await startEngine(fixture.options({ dir, paceMs: 5 }));
    await until('the next bars', () => last() > before + 3 * hourMs);
    await again.stop();
    const equity = read(dir, (reader) => reader.equitySeries().map(({ instant }) => instant));
    expect(equity).toEqual(equity.map((_, at) => replayFrom + (at + 1) * hourMs));
  });
});

describe.skipIf(!isLong || !mayMountExt4())(
  'an engine whose disk becomes read-only under it (an ext4 of its own, to be mounted by root)',
  () => {
    let fixture: EngineFixture;
    beforeAll(async () => {
      fixture = await engineFixture();
      await fixture.deploy({ often: strategyText() });
    });
    afterAll(() => fixture.dispose());

    const begin = (dir: string) => {
      const running = forkEngine(fixture.options({ dir, paceMs: 5 }));
      return { ...running, bars: () => running.events.filter(({ kind }) => kind === 'bar').length };
    };
    type Begun = ReturnType<typeof begin>;
    const saysReadOnly = ({ events }: Begun) =>
      until('what it says', () =>
        events.find((event) => event.kind === 'status' && /is read-only: nothing is decided/.test(event.status.reason)),
      );
    const end = ({ child }: Begun) => {
      child.kill('SIGTERM');
      return exitOf(child);
    };
    const barsIn = (dir: string) => read(dir, (reader) => reader.equitySeries().map(({ instant }) => instant));
    const expectInOrder = (instants: readonly number[]) =>
      expect(instants).toEqual(instants.map((_, at) => replayFrom + (at + 1) * hourMs));
    const everyBarOnce = (dir: string): number => {
      const instants = barsIn(dir);
      expectInOrder(instants);
      expect(read(dir, (reader) => reader.counts().decisions)).toBe(2 * instants.length);
      return instants.length;
    };

    it('by an error that the kernel found takes nothing and says so, and goes on from there once it is mounted anew', async () => {
      const disk = ext4Disk(32)!;
      try {
        const first = begin(disk.path);
        await until('some bars', () => first.bars() > 5);
        disk.fail();
        expect(await saysReadOnly(first)).toMatchObject({ status: { status: 'Degraded' } });
        const told = first.bars();
        expect(await end(first)).toBe(1);
        expect(first.bars()).toBe(told);
        disk.mountAnew();
        // Of what is written at that very moment ext4 may say the wrong thing, either way.
        const kept = everyBarOnce(disk.path);
        expect([told - 1, told, told + 1]).toContain(kept);
        const second = begin(disk.path);
        // The mirror is young enough to be lost as well: then it is fetched first, and what ran is held back until it is proven again.
        await until('more bars', () => barsIn(disk.path).length > kept + 5);
        expect(await end(second)).toBe(0);
        expectInOrder(barsIn(disk.path));
      } finally {
        disk.remove();
      }
    }, 120_000);

    it('for a while takes nothing meanwhile, and goes on by itself', async () => {
      const disk = ext4Disk(32)!;
      try {
        const running = begin(disk.path);
        await until('some bars', () => running.bars() > 5);
        disk.forbid();
        await saysReadOnly(running);
        const told = running.bars();
        disk.permit();
        await until('more bars', () => running.bars() > told + 20);
        expect(await end(running)).toBe(0);
        expect(everyBarOnce(disk.path)).toBe(running.bars());
      } finally {
        disk.remove();
      }
    }, 120_000);
  },
);

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
