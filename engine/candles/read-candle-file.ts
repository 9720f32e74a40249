import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { findFault } from './find-fault.ts';
import { inspectColumns, type SeriesQuality } from './inspect-columns.ts';
import { lineOfRow, parseCsv } from './parse-csv.ts';
import { type GivenKey, parseFileName } from './parse-file-name.ts';
import { timeframeMs } from './timeframe.ts';
import type { CandleColumns, SeriesKey, Span } from './types.ts';

/** A file's bytes with the name that says what they are, for callers that have no path. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CandleFile {
  readonly name: string;
  readonly key: SeriesKey;
  readonly columns: CandleColumns;
  readonly quality: SeriesQuality;
}

export interface ReadOptions {
  readonly given?: GivenKey;
  /** Take a file with large parts missing all the same. Small gaps are always legal. */
  readonly allowGaps?: boolean;
}

/** A quarter of a billion bytes hold about four million bars; a file beyond four times that is not candles of one market. */
const maxBytes = 1_000_000_000;
/** Beyond either, rows were lost rather than trades absent: ordinary exchange data stay a tenth below. */
const maxMissingShare = 0.02;
const maxHoleMs = 7 * 86_400_000;

/**
 * One candle CSV, gzip or plain, read, judged and measured. Nothing is repaired: a file that breaks a rule is refused
 * whole, with the line, and the reason.
 */
export function readCandleFile(file: string | NamedBytes, options: ReadOptions = {}): CandleFile {
  const { name, bytes } = typeof file === 'string' ? { name: basename(file), bytes: readBytes(file) } : file;
  const { key, span } = parseFileName(name, options.given);
  const columns = parseCsv(gunzipped(bytes, name), name);
  const fault = findFault(columns, key.timeframe);
  if (fault !== undefined) {
    const line = lineOfRow(fault.index);
    throw new RatchetError(fault.code, `${name}, line ${line}: ${fault.message}.`, fault.remedy, { name, line });
  }
  const quality = inspectColumns(columns, key.timeframe);
  if (options.allowGaps !== true) refuseLostRows(name, columns, quality, key.timeframe, span);
  return { name, key, columns, quality };
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RatchetError(
      'candles/unreadable-file',
      `${path} cannot be read.`,
      'Check the path and its permissions.',
      { path },
      error,
    );
  }
}

function gunzipped(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const what =
      code === 'Z_BUF_ERROR'
        ? 'the gzip data end too early'
        : code === 'ERR_BUFFER_TOO_LARGE'
          ? `it unpacks to more than ${maxBytes} bytes`
          : 'the gzip data are damaged';
    throw new RatchetError('candles/bad-gzip', `${name}: ${what}.`, 'Download or copy the file again.', { name, code }, error);
  }
}

function refuseLostRows(
  name: string,
  columns: CandleColumns,
  quality: SeriesQuality,
  timeframe: Timeframe,
  span: Span | undefined,
): void {
  const stepMs = timeframeMs(timeframe);
  const first = columns.time[0]!;
  const last = columns.time.at(-1)!;
  if (span !== undefined && (first - span.from > maxHoleMs || span.to - stepMs - last > maxHoleMs)) {
    throw lostRows(
      name,
      `it holds ${day(first)} to ${day(last)}; its name promises ${day(span.from)} to ${day(span.to - stepMs)}`,
    );
  }
  if (quality.longestGap * stepMs > maxHoleMs) {
    throw lostRows(name, `${quality.longestGap} bars are missing in a row from ${day(quality.longestGapTime ?? first)}`);
  }
  const share = quality.missing / (quality.bars + quality.missing);
  if (share > maxMissingShare)
    throw lostRows(name, `${quality.missing} bars are missing, ${(share * 100).toFixed(1)} % of its span`);
}

function lostRows(name: string, what: string): RatchetError {
  return new RatchetError('candles/lost-rows', `${name}: ${what}.`, 'Get the complete file, or import with --allow-gaps.', {
    name,
  });
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
