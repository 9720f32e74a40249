import { sleep, systemClock } from '#engine/clock.ts';
import { giveOrderHere } from '#engine/runtime/control.ts';
import { readHealth } from '#engine/runtime/health.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { storePath } from '#engine/store/open-database.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { exitOf, type ForkedEngine, forkEngine, read, until } from '#tests/engine/runtime/engine-fixture.ts';
import { Dice } from '../dice.ts';
import { disagreements } from './books-agree.ts';
import { generousLimits, restlessStrategy } from './restless.ts';
import { openTradingPost } from './trading-post.ts';

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
  const pace = { factor: FACTOR, since: Date.now() };
  const post = await openTradingPost({ seed, symbols: SYMBOLS, pace });
  const { fixture, options } = post;
  let engine: ForkedEngine | null = null;
  try {
    await fixture.deploy(
      { first: restlessStrategy(SYMBOLS, seed), second: restlessStrategy(SYMBOLS.slice(1), seed + 1) },
      { stage: 'canary', files: { 'policies/risk.yaml': generousLimits } },
    );
    const dice = new Dice(seed, 'kills');
    let killedTrading = 0;
    let inFlight = 0;
    for (let kill = 1; kill <= times; kill += 1) {
      engine = forkEngine(options);
      if (await lives(engine, options.dir, dice)) killedTrading += 1;
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
    const books = await post.books();
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
    await post.close();
  }
}

/** Lets it live for a while: mostly into its trading, at times not even through its start. @returns whether it got to trade */
async function lives({ child, events }: ForkedEngine, dir: string, dice: Dice): Promise<boolean> {
  const isTrading = () => events.some(({ kind }) => kind === 'synced');
  if (dice.chance(0.15)) await sleep(systemClock, dice.between(0, 3_000));
  else {
    await until('an engine that trades', () => isTrading() || child.exitCode !== null, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`It says ${JSON.stringify(readLocalStatus(dir)?.reason)}.`, { cause: error });
    });
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
