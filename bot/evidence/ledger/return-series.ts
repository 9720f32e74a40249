import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { type Digest, digestOf } from '#engine/attestation/canonical.ts';
import { dailyReturns } from '#engine/backtest/metrics/daily-returns.ts';
import type { EquityCurve } from '#engine/backtest/types.ts';
import type { Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';

const DAY_MS = 86_400_000;
/** Returns are kept to a millionth: a hundredth of a basis point, far below what a fill is known to. */
const STEPS_PER_UNIT = 1_000_000;
/** No night is larger: a bound on what a side file may unfold to. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

/** Daily returns of a night's scored trials, on the same UTC days. */
export interface NightReturns {
  /** Days since 1970 of the first return. */
  readonly firstDay: number;
  readonly days: number;
  /** Numbers of the trials, rising; one series each. */
  readonly trials: readonly number[];
  /** Ratios, `days` long each. */
  readonly series: readonly Float64Array[];
}

/**
 * A backtest's daily returns on every UTC day its span touches. Days before the strategy's first bar are 0: it held nothing. After
 * ruin there is nothing that could return anything: 0 as well.
 */
export function returnsByDay(equity: EquityCurve, capital: number, span: Span): Float64Array {
  const { firstDay, days } = daysOf(span);
  const returns = new Float64Array(days);
  for (const [index, value] of dailyReturns(capital, equity.value).entries()) {
    const day = Math.ceil(equity.time[index]! / DAY_MS) - 1 - firstDay;
    if (day >= 0 && day < days && Number.isFinite(value)) returns[day] = value;
  }
  return returns;
}

/** The UTC days a span touches. */
export function daysOf({ from, to }: Span): { readonly firstDay: number; readonly days: number } {
  const firstDay = Math.floor(from / DAY_MS);
  return { firstDay, days: Math.ceil(to / DAY_MS) - firstDay };
}

/**
 * One byte string for a night's returns, the same on every machine: variable-length whole numbers (zigzag, seven bits a byte) of
 * first day, days, trials, each trial's number, then each trial's returns in millionths.
 */
export function packReturns({ firstDay, days, trials, series }: NightReturns): Uint8Array {
  const bytes: number[] = [];
  for (const value of [firstDay, days, trials.length, ...trials]) writeNumber(bytes, value);
  for (const one of series) for (const value of one) writeNumber(bytes, Math.round(value * STEPS_PER_UNIT));
  return Uint8Array.from(bytes);
}

/** @throws RatchetError `ledger/returns` when the bytes are no such string */
export function unpackReturns(bytes: Uint8Array): NightReturns {
  const reader = new NumberReader(bytes);
  const [firstDay, days, count] = [reader.next(), reader.next(), reader.next()];
  // Every number takes a byte at least, so the counts cannot ask for more room than there are bytes.
  if (days < 0 || count < 0 || count * days > bytes.length) throw notReturns();
  const trials = Array.from({ length: count }, () => reader.next());
  const series = trials.map(() => Float64Array.from({ length: days }, () => reader.next() / STEPS_PER_UNIT));
  if (!reader.isAtEnd) throw notReturns();
  return { firstDay, days, trials, series };
}

/** What stands in the chained line: of the packed returns, not of the file, whose bytes depend on who compressed them. */
export function digestOfReturns(packed: Uint8Array): Digest {
  return digestOf(packed);
}

/** The side file. About 350 bytes a trial over two years. */
export function compressReturns(packed: Uint8Array): Uint8Array {
  return brotliCompressSync(packed, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: packed.length } });
}

/** @throws RatchetError `ledger/returns` */
export function decompressReturns(file: Uint8Array): Uint8Array {
  try {
    return brotliDecompressSync(file, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (error) {
    throw notReturns(error);
  }
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value >= 0 ? value * 2 : value * -2 - 1;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || scale > 2 ** 49) throw notReturns();
      this.#at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

function notReturns(cause?: unknown): RatchetError {
  return new RatchetError(
    'ledger/returns',
    'These bytes are no return series.',
    'Restore the file from the commit on ratchet/state that wrote it.',
    {},
    cause,
  );
}
