import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '#engine/clock.ts';
import { giveOrderHere } from '#engine/runtime/control.ts';
import { readHealth } from '#engine/runtime/health.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { storePath } from '#engine/store/open-database.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import {
  engineFixture,
  exitOf,
  type ForkedEngine,
  forkEngine,
  read,
  rules,
  until,
} from '#tests/engine/runtime/engine-fixture.ts';
import { Dice } from '../dice.ts';
import { disagreements } from './books-agree.ts';
import { Books, Listening, type Serving } from './messages.ts';
import { generousLimits, restlessStrategy } from './restless.ts';

export interface Rehearsed {
  readonly kills: number;
  /** Before it had said that it was Synced, and after. */
  readonly killedStarting: number;
  readonly killedTrading: number;
  /** Orders in the journal that were not final, summed over the moments of the kills. */
  readonly inFlight: number;
  readonly orders: number;
  readonly fills: number;
  readonly seconds: number;
  readonly disagreements: readonly string[];
}

const SYMBOLS = ['BTC/USD', 'ETH/USD', 'SOL/USD'];
/** Bars of a minute close twice a second. */
const FACTOR = 120;
/** A start that takes longer, or an end that does not come, is a failure of its own. */
const PATIENCE_MS = 240_000;

const exchangeProgram = fileURLToPath(new URL('./exchange-process.ts', import.meta.url));

/**
 * Kills an engine so many times at random moments: the whole of it, with its sandboxes, its record and its journal, trading two strategies
 * through ccxt on an exchange in another process. Each time it is started again in the same folder; at the end it sells everything and
 * stops, and its journal is compared with the exchange's books.
 * @param onKill told after each kill
 */
export async function rehearse(
  times: number,
  seed: number,
  onKill: (kills: number) => void = () => undefined,
): Promise<Rehearsed> {
  const began = performance.now();
  const own = mkdtempSync(join(tmpdir(), 'ratchet-rehearse-'));
  const stateHome = process.env.XDG_STATE_HOME;
  process.env.XDG_STATE_HOME = own;
  const pace = { factor: FACTOR, since: Date.now() };
  const fixture = await engineFixture();
  const exchange = fork(exchangeProgram, { execArgv: ['--import', 'tsx'] });
  let engine: ForkedEngine | null = null;
  try {
    const where = Listening.parse(await answerOf(exchange, { seed, symbols: SYMBOLS, pace } satisfies Serving));
    const keyFile = join(own, 'key.json');
    writeFileSync(keyFile, JSON.stringify({ key: where.key, secret: where.secret }), { mode: 0o600 });
    await fixture.deploy(
      { first: restlessStrategy(SYMBOLS, seed), second: restlessStrategy(SYMBOLS.slice(1), seed + 1) },
      { stage: 'canary', files: { 'policies/risk.yaml': generousLimits } },
    );
    const place = { exchange: 'kraken', baseUrl: where.baseUrl } as const;
    const markets = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, rules]));
    const options: EngineOptionsInput = {
      ...fixture.options(),
      market: { ...place, symbols: SYMBOLS, timeframe: '1m', pace, markets },
      venue: { ...place, keyFile },
    };
    const dice = new Dice(seed, 'kills');
    let killedTrading = 0;
    let inFlight = 0;
    for (let kill = 1; kill <= times; kill += 1) {
      engine = forkEngine(options);
      if (await lives(engine, dice)) killedTrading += 1;
      if (engine.child.exitCode !== null) throw new Error(`The engine ended by itself: ${engine.stderr()}`);
      engine.child.kill('SIGKILL');
      await exitOf(engine.child);
      inFlight += ordersUnderWay(options.dir);
      onKill(kill);
    }
    const now = pacedClock(systemClock, pace.factor, pace.since).now;
    const order = { mode: 'flattening', by: 'the rehearsal', at: new Date(now()).toISOString(), reason: 'it ends' } as const;
    giveOrderHere(options.dir, order);
    engine = forkEngine(options);
    await closes(engine, options.dir, now);
    const books = Books.parse(await answerOf(exchange, 'books'));
    return {
      kills: times,
      killedStarting: times - killedTrading,
      killedTrading,
      inFlight,
      orders: books.orders.length,
      fills: books.fills.length,
      seconds: (performance.now() - began) / 1_000,
      disagreements: disagreements(storePath(options.dir), books),
    };
  } finally {
    engine?.child.kill('SIGKILL');
    if (engine !== null) await exitOf(engine.child);
    exchange.disconnect();
    await exitOf(exchange);
    fixture.dispose();
    rmSync(own, { recursive: true, force: true });
    if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
    else process.env.XDG_STATE_HOME = stateHome;
  }
}

/** Lets it live for a while: mostly into its trading, at times not even through its start. @returns whether it got to trade */
async function lives({ child, events }: ForkedEngine, dice: Dice): Promise<boolean> {
  const isTrading = () => events.some(({ kind }) => kind === 'synced');
  if (dice.chance(0.15)) await sleep(systemClock, dice.between(0, 3_000));
  else {
    await until('an engine that trades', () => isTrading() || child.exitCode !== null, PATIENCE_MS);
    await sleep(systemClock, dice.between(50, 2_000));
  }
  return isTrading();
}

/** Waits until the last one has sold everything, the exchange has confirmed it, and it has stopped in order. @param now by its clock */
async function closes({ child, stderr }: ForkedEngine, dir: string, now: () => number): Promise<void> {
  const isClosed = (): boolean => {
    if (child.exitCode !== null) throw new Error(`The engine ended by itself: ${stderr()}`);
    const venue = readHealth(dir, lockHolder(dir), now())?.venue;
    const isHeard = readLocalStatus(dir)?.control.mode === 'flattening';
    return isHeard && venue?.isReady === true && venue.sellingSince === null && venue.openOrders === 0;
  };
  await until('everything to be sold', isClosed, PATIENCE_MS);
  child.kill('SIGTERM');
  await exitOf(child);
}

/** Killed before it had made its store, it had none. */
function ordersUnderWay(dir: string): number {
  try {
    return read(dir, (reader) => reader.journals().flatMap((journal) => journal.orders())).filter(({ isFinal }) => !isFinal)
      .length;
  } catch {
    return 0;
  }
}

function answerOf(child: ChildProcess, question: Serving | 'books'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`The exchange ended with ${code}.`)));
    child.send(question);
  });
}
