import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '#engine/clock.ts';
import { Dice } from '../dice.ts';
import { JournalRecord } from '../journal-record.ts';
import { disagreements } from './books-agree.ts';
import { Books, Listening, type TradingOrder } from './messages.ts';

export interface Rehearsed {
  readonly kills: number;
  /** Before it had reconciled, and after. */
  readonly killedStarting: number;
  readonly killedTrading: number;
  /** Orders in the journal that were not final, summed over the moments of the kills. */
  readonly inFlight: number;
  readonly orders: number;
  readonly fills: number;
  readonly seconds: number;
  readonly disagreements: readonly string[];
}

const SYMBOLS = ['BTC/USD', 'ETH/USD'];
/** A start that takes longer, or an end that does not come, is a failure of its own. */
const PATIENCE_MS = 240_000;

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const start = (name: string): ChildProcess => fork(program(name), { execArgv: ['--import', 'tsx'] });

/**
 * Kills a trading process so many times at random moments, each time starts it again on the same journal, and at the end lets it close
 * everything and compares the journal with the exchange's books.
 * @param onKill told after each kill
 */
export async function rehearse(
  times: number,
  seed: number,
  onKill: (kills: number) => void = () => undefined,
): Promise<Rehearsed> {
  const began = performance.now();
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-rehearse-'));
  const journalFile = join(dir, 'journal.sqlite');
  const dice = new Dice(seed, 'kills');
  const exchange = start('./exchange-process.ts');
  let next: ChildProcess | null = null;
  try {
    const where = Listening.parse(await answerOf(exchange, seed));
    let killedTrading = 0;
    let inFlight = 0;
    // The next one loads its modules while this one trades.
    next = start('./trading-process.ts');
    for (let kill = 1; kill <= times; kill += 1) {
      const order: TradingOrder = { where, journalFile, seed: seed * 100_000 + kill, symbols: SYMBOLS, isLast: false };
      const trading = next;
      next = start('./trading-process.ts');
      const isReady = await lives(trading, order, dice);
      if (isReady) killedTrading += 1;
      if (trading.exitCode !== null) throw new Error(`The trading process ended by itself with ${trading.exitCode}.`);
      trading.kill('SIGKILL');
      await exitOf(trading);
      inFlight += openOrders(journalFile);
      onKill(kill);
    }
    await closeAll(next, { where, journalFile, seed, symbols: SYMBOLS, isLast: true });
    const books = Books.parse(await answerOf(exchange, 'books'));
    return {
      kills: times,
      killedStarting: times - killedTrading,
      killedTrading,
      inFlight,
      orders: books.orders.length,
      fills: books.fills.length,
      seconds: (performance.now() - began) / 1_000,
      disagreements: disagreements(journalFile, books),
    };
  } finally {
    next?.kill('SIGKILL');
    exchange.disconnect();
    await exitOf(exchange);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Lets it live for a while: mostly into its trading, at times not even through its start. @returns whether it got to trade */
async function lives(trading: ChildProcess, order: TradingOrder, dice: Dice): Promise<boolean> {
  let isReady = false;
  const ready = new Promise<void>((resolve) => {
    trading.once('message', () => {
      isReady = true;
      resolve();
    });
    trading.once('exit', () => resolve());
  });
  trading.send(order);
  if (dice.chance(0.15)) await sleep(systemClock, dice.between(0, 1_000));
  else {
    await ready;
    await sleep(systemClock, dice.magnitude(30, 2_000));
  }
  return isReady;
}

async function closeAll(trading: ChildProcess, order: TradingOrder): Promise<void> {
  const isLate = sleep(systemClock, PATIENCE_MS).then(() => 'late' as const);
  const closed = new Promise<string>((resolve) => {
    trading.on('message', (news) => {
      if (news === 'closed') resolve('closed');
    });
    trading.once('exit', (code) => resolve(`ended with ${code}`));
  });
  trading.send(order);
  const end = await Promise.race([closed, isLate]);
  if (end === 'closed') {
    await exitOf(trading);
    return;
  }
  trading.kill('SIGKILL');
  await exitOf(trading);
  throw new Error(`The last trading process did not close everything: ${end}.`);
}

/** Killed before it had made its journal, it had none. */
function openOrders(journalFile: string): number {
  if (!existsSync(journalFile)) return 0;
  const journal = new JournalRecord(journalFile);
  try {
    return journal.takeChanges(0).orders.filter(({ isFinal }) => !isFinal).length;
  } finally {
    journal.close();
  }
}

function answerOf(child: ChildProcess, question: number | string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`The exchange ended with ${code}.`)));
    child.send(question);
  });
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
