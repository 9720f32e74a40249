import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { allocateColumns, columnNames, firstIndexFrom } from './candle-columns.ts';
import type { CandleColumns, Span } from './types.ts';

// One file a column: raw little-endian doubles, oldest bar first. A file may be longer than the catalogue says:
// what lies beyond was never committed.

const bytesPerValue = Float64Array.BYTES_PER_ELEMENT;

/** Writes a new folder of column files and forces them to disk. The folder must not exist. */
export function writeColumnFiles(folder: string, columns: CandleColumns): void {
  mkdirSync(folder, { recursive: true });
  writeAt(folder, columns, 0);
  syncFolder(folder);
  syncFolder(join(folder, '..'));
}

/** Writes `columns` behind the first `committedBars` bars, over whatever an interrupted append left there. */
export function appendColumnFiles(folder: string, committedBars: number, columns: CandleColumns): void {
  writeAt(folder, columns, committedBars);
}

/** Bars `start` (inclusive) to `end` (exclusive) of a series. */
export interface BarRange {
  readonly start: number;
  readonly end: number;
}

/** Reads the committed bars, or a span or a range of them, into `buffer` or into new shared memory. */
export function readColumnFiles(
  folder: string,
  committedBars: number,
  part?: Span | BarRange,
  buffer?: ArrayBufferLike,
): CandleColumns {
  const files = openColumnFiles(folder, 'r');
  try {
    for (const [index, file] of files.entries()) assertLongEnough(file, join(folder, fileName(index)), committedBars);
    const { start, end } = rangeOf(part, files[0]!, folder, committedBars);
    const columns = allocateColumns(end - start, buffer);
    for (const [index, name] of columnNames.entries()) {
      readFully(files[index]!, columns[name], start, join(folder, fileName(index)));
    }
    return columns;
  } finally {
    for (const file of files) closeSync(file);
  }
}

function writeAt(folder: string, columns: CandleColumns, offsetBars: number): void {
  const files = openColumnFiles(folder, offsetBars === 0 ? 'w' : 'r+');
  try {
    for (const [index, name] of columnNames.entries()) {
      const file = files[index]!;
      if (offsetBars > 0) assertLongEnough(file, join(folder, fileName(index)), offsetBars);
      ftruncateSync(file, offsetBars * bytesPerValue);
      writeFully(file, columns[name], offsetBars);
      fsyncSync(file);
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

function openColumnFiles(folder: string, mode: 'r' | 'r+' | 'w'): number[] {
  const files: number[] = [];
  try {
    for (let index = 0; index < columnNames.length; index += 1) files.push(openSync(join(folder, fileName(index)), mode));
    return files;
  } catch (error) {
    for (const file of files) closeSync(file);
    throw error;
  }
}

function fileName(index: number): string {
  return `${columnNames[index]}.f64`;
}

function rangeOf(part: Span | BarRange | undefined, timeFile: number, folder: string, bars: number): BarRange {
  if (part === undefined) return { start: 0, end: bars };
  if ('start' in part) return part;
  const time = new Float64Array(bars);
  readFully(timeFile, time, 0, join(folder, fileName(0)));
  return { start: firstIndexFrom(time, part.from), end: firstIndexFrom(time, Math.max(part.from, part.to)) };
}

function bytesOf(column: Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function readFully(file: number, column: Float64Array, offsetBars: number, path: string): void {
  const bytes = bytesOf(column);
  let done = 0;
  while (done < bytes.byteLength) {
    const count = readSync(file, bytes, done, bytes.byteLength - done, offsetBars * bytesPerValue + done);
    if (count === 0) throw damaged(path, 'it ended while it was read');
    done += count;
  }
}

function writeFully(file: number, column: Float64Array, offsetBars: number): void {
  const bytes = bytesOf(column);
  let done = 0;
  while (done < bytes.byteLength) {
    done += writeSync(file, bytes, done, bytes.byteLength - done, offsetBars * bytesPerValue + done);
  }
}

function assertLongEnough(file: number, path: string, bars: number): void {
  const { size } = fstatSync(file);
  if (size < bars * bytesPerValue) throw damaged(path, `it holds ${size} bytes, the catalogue says ${bars * bytesPerValue}`);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function damaged(path: string, what: string): RatchetError {
  return new RatchetError(
    'candles/damaged',
    `The candle file ${path} is damaged: ${what}.`,
    'Import or fetch this series again.',
    { path },
  );
}
