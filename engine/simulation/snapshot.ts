import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { Book, HeldPosition, WaitingOrder } from './book.ts';
import type { Desk } from './desk.ts';

// Bundled into the strategy realm: no Node imports here. `snapshot-schema.ts` has the zod schema for snapshots from outside.

/** What JSON can hold of T: NaN travels as null. */
type Plain<T> = { [K in keyof T]: T[K] extends number ? number | null : T[K] };

export interface BookSnapshot {
  symbol: string;
  lastClose: number | null;
  /** Null when flat. */
  position: Plain<HeldPosition> | null;
  /** Null when nothing waits. */
  order: Plain<WaitingOrder> | null;
}

export interface SimulationSnapshot {
  schema: 'ratchet/simulation/1';
  capital: number;
  cash: number;
  fees: number;
  realised: number;
  turnover: number;
  time: number;
  version: string;
  halt: HaltState;
  books: BookSnapshot[];
}

export function snapshotSimulation(desk: Desk, halt: HaltState): SimulationSnapshot {
  const { capital, cash, fees, realised, turnover } = desk.account;
  const { time, version } = desk;
  return {
    schema: 'ratchet/simulation/1',
    capital,
    cash,
    fees,
    realised,
    turnover,
    time,
    version,
    halt,
    books: desk.books.map(snapshotBook),
  };
}

export function restoreSimulation(desk: Desk, snapshot: SimulationSnapshot): void {
  const { account } = desk;
  if (snapshot.capital !== account.capital)
    throw new RangeError(`The snapshot is of ${snapshot.capital} capital, not ${account.capital}.`);
  account.cash = snapshot.cash;
  account.fees = snapshot.fees;
  account.realised = snapshot.realised;
  account.turnover = snapshot.turnover;
  desk.time = snapshot.time;
  desk.version = snapshot.version;
  for (const saved of snapshot.books) {
    const book = desk.books.find(({ symbol }) => symbol === saved.symbol);
    if (book !== undefined) restoreBook(book, saved);
    else if (saved.position !== null) throw new RangeError(`The snapshot holds ${saved.symbol}, which is not declared.`);
  }
}

function snapshotBook(book: Book): BookSnapshot {
  return {
    symbol: book.symbol,
    lastClose: Number.isNaN(book.lastClose) ? null : book.lastClose,
    position: book.position.quantity > 0 ? plain(book.position) : null,
    order: book.order.kind === 'none' ? null : plain(book.order),
  };
}

function restoreBook(book: Book, saved: BookSnapshot): void {
  book.lastClose = saved.lastClose ?? Number.NaN;
  if (saved.position !== null) fill(book.position, saved.position);
  if (saved.order !== null) fill(book.order, saved.order);
}

function plain<T extends object>(source: T): Plain<T> {
  const copy = { ...source } as Record<string, unknown>;
  for (const key of Object.keys(copy)) if (Number.isNaN(copy[key])) copy[key] = null;
  return copy as Plain<T>;
}

/** Nulls become NaN again, but for the one field that is null by nature. */
function fill<T extends object>(target: T, saved: Plain<T>): void {
  const into = target as Record<string, unknown>;
  for (const [key, value] of Object.entries(saved))
    if (key in into) into[key] = value === null && key !== 'exiting' ? Number.NaN : value;
}
