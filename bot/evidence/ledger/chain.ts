import { z } from 'zod';
import { canonicalJson, type Digest, digestOf } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import { type EntryOf, LedgerEntry } from './entries.ts';
import { byCycle, cycleOf } from './paths.ts';

/** What the first line of all points back to. */
export const GENESIS: Digest = `sha256:${'0'.repeat(64)}`;

const LedgerLine = z.strictObject({
  sequence: z.number().int().positive(),
  previous: z.string(),
  entry: LedgerEntry,
});

export interface LedgerHead {
  /** Hash of the last line; `GENESIS` for an empty ledger. */
  readonly hash: Digest;
  /** How many lines there are. */
  readonly sequence: number;
}

export const EMPTY_LEDGER: LedgerHead = { hash: GENESIS, sequence: 0 };

/** Prints entries as lines that continue from `head`. */
export function chain(head: LedgerHead, entries: readonly LedgerEntry[]): { readonly text: string; readonly head: LedgerHead } {
  let { hash, sequence } = head;
  let text = '';
  for (const entry of entries) {
    sequence += 1;
    const line = canonicalJson({ sequence, previous: hash, entry });
    hash = digestOf(line);
    text += `${line}\n`;
  }
  return { text, head: { hash, sequence } };
}

export interface LedgerReading {
  readonly head: LedgerHead;
  /** In the order they were written. */
  readonly entries: readonly LedgerRecord[];
  /** By cycle: the daily returns of its trials, packed as `packReturns` does. */
  readonly returns: ReadonlyMap<string, Uint8Array>;
}

export interface LedgerRecord {
  /** The night in whose file the line stands; an opening of the vault stands in the newest. */
  readonly cycle: string;
  /** Hash of the line. */
  readonly hash: Digest;
  /** Where it stands: path and number of the line. */
  readonly path: string;
  readonly line: number;
  readonly entry: LedgerEntry;
}

/**
 * Reads lines and verifies that each follows from the one before it, over all files.
 * @param files text by path, as they stand on the state branch
 * @throws RatchetError `ledger/broken` naming file and line
 */
export function readLedger(
  files: ReadonlyMap<string, string>,
  returns: ReadonlyMap<string, Uint8Array> = new Map(),
): LedgerReading {
  const entries: LedgerRecord[] = [];
  let head = EMPTY_LEDGER;
  for (const path of [...files.keys()].sort(byCycle)) {
    const text = files.get(path)!;
    if (!text.endsWith('\n')) throw broken(path, text.split('\n').length, 'the last line is cut off');
    for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
      const value = safeJson(line);
      const parsed = LedgerLine.safeParse(value);
      // One text for one value: a key that stands twice would mean one thing here and another to the next reader.
      if (!parsed.success || canonicalJson(value) !== line) throw broken(path, index + 1, 'it is not a ledger line');
      if (parsed.data.previous !== head.hash) throw broken(path, index + 1, 'it does not follow from the line before it');
      if (parsed.data.sequence !== head.sequence + 1)
        throw broken(path, index + 1, `it has number ${parsed.data.sequence} where ${head.sequence + 1} follows`);
      head = { hash: digestOf(line), sequence: parsed.data.sequence };
      entries.push({ cycle: cycleOf(path), hash: head.hash, path, line: index + 1, entry: parsed.data.entry });
    }
  }
  return { head, entries, returns };
}

/** A record whose entry is known to be of one kind. */
export type RecordOf<Kind extends LedgerEntry['kind']> = LedgerRecord & { readonly entry: EntryOf<Kind> };

/** The lines of one kind, in the order they were written. */
export function recordsOf<Kind extends LedgerEntry['kind']>(
  ledger: Pick<LedgerReading, 'entries'>,
  kind: Kind,
): RecordOf<Kind>[] {
  return ledger.entries.filter((record): record is RecordOf<Kind> => record.entry.kind === kind);
}

/** The ledger as it stood when a night's search was over: what evidence of that night may speak of. */
export function ledgerUpTo(ledger: LedgerReading, last: LedgerRecord): LedgerReading {
  const end = ledger.entries.indexOf(last) + 1;
  const entries = ledger.entries.slice(0, end);
  const cycles = new Set(entries.map(({ cycle }) => cycle));
  return {
    head: { hash: last.hash, sequence: end },
    entries,
    returns: new Map([...ledger.returns].filter(([cycle]) => cycles.has(cycle))),
  };
}

export function broken(path: string, line: number | null, why: string): RatchetError {
  return new RatchetError(
    'ledger/broken',
    `${path}${line === null ? '' : `:${line}`}: ${why}.`,
    'The record was changed after it was written: find the commit on ratchet/state that did it, and restore the file from before.',
    { path, ...(line === null ? {} : { line }) },
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
