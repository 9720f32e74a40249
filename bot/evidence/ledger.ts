import { z } from 'zod';
import { canonicalJson, type Digest, digestOf } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';

/**
 * The trial ledger: one file a night on the state branch, `ledger/<cycle>.jsonl`. Each line carries the hash of the line
 * before it, across files too, so that no line can be rewritten, dropped or moved unseen. Every configuration ever
 * evaluated stands here, failures and quiet nights included, because a result means less the more were tried.
 */
export const LEDGER_FOLDER = 'ledger';

/** What the first line of all points back to. */
export const GENESIS: Digest = `sha256:${'0'.repeat(64)}`;

export const LedgerEntry = z.discriminatedUnion('kind', [
  /** Written and pushed before anything is evaluated: a night cannot be forgotten because its result was dull. */
  z.strictObject({
    kind: z.literal('night-began'),
    cycle: z.string(),
    strategy: z.string(),
    /** Market time up to which the night looks, UTC milliseconds. */
    asOf: z.number().int(),
    parentTree: z.string(),
    proposer: z.string(),
    trialsPlanned: z.number().int(),
    seed: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('trial'),
    label: z.string(),
    outcome: z.enum(['scored', 'rejected']),
    /** Result id on the development data; null when it was rejected before it ran. */
    resultId: z.string().nullable(),
    netReturn: z.number().nullable(),
    reason: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('night-ended'),
    decision: z.string(),
    reason: z.string(),
    trials: z.number().int(),
  }),
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;

const LedgerLine = z.strictObject({
  sequence: z.number().int().positive(),
  previous: z.string(),
  entry: LedgerEntry,
});

export interface LedgerHead {
  /** Hash of the last line; `GENESIS` for an empty ledger. */
  readonly hash: Digest;
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
}

export interface LedgerRecord {
  readonly cycle: string;
  /** Hash of the line. */
  readonly hash: Digest;
  readonly entry: LedgerEntry;
}

/**
 * Reads and verifies the whole ledger.
 * @param files text by path, as they stand on the state branch
 * @throws RatchetError `ledger/broken` naming file and line
 */
export function readLedger(files: ReadonlyMap<string, string>): LedgerReading {
  const entries: LedgerRecord[] = [];
  let head = EMPTY_LEDGER;
  for (const path of [...files.keys()].sort(byCycle)) {
    const text = files.get(path)!;
    if (!text.endsWith('\n')) throw broken(path, text.split('\n').length, 'the last line is cut off');
    for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
      const parsed = LedgerLine.safeParse(safeJson(line));
      if (!parsed.success) throw broken(path, index + 1, 'it is not a ledger line');
      if (parsed.data.previous !== head.hash) throw broken(path, index + 1, 'it does not follow from the line before it');
      if (parsed.data.sequence !== head.sequence + 1)
        throw broken(path, index + 1, `it has number ${parsed.data.sequence} where ${head.sequence + 1} follows`);
      head = { hash: digestOf(line), sequence: parsed.data.sequence };
      entries.push({ cycle: cycleOf(path), hash: head.hash, entry: parsed.data.entry });
    }
  }
  return { head, entries };
}

/** What a night's evidence says of the search it came from; null when the night has no trials in the ledger. */
export function searchOf(
  ledger: LedgerReading,
  cycle: string,
): { trials: number; trialsEver: number; ledgerHead: Digest } | null {
  const trials = ledger.entries.filter(({ entry }) => entry.kind === 'trial');
  const last = trials.findLastIndex((record) => record.cycle === cycle);
  if (last < 0) return null;
  return {
    trials: trials.filter((record) => record.cycle === cycle).length,
    trialsEver: last + 1,
    ledgerHead: trials[last]!.hash,
  };
}

/** The night that began and did not end: a killed one, to be taken up again. */
export function unfinishedNight(ledger: LedgerReading): Extract<LedgerEntry, { kind: 'night-began' }> | null {
  const began = ledger.entries.findLast(({ entry }) => entry.kind === 'night-began');
  if (began === undefined || began.entry.kind !== 'night-began') return null;
  const hasEnded = ledger.entries.some(({ cycle, entry }) => cycle === began.cycle && entry.kind === 'night-ended');
  return hasEnded ? null : began.entry;
}

/** `yyyymmdd-n`: the market's day and the number of the night on it. */
export function nextCycle(ledger: LedgerReading, asOf: number): string {
  const day = new Date(asOf).toISOString().slice(0, 10).replaceAll('-', '');
  const numbers = ledger.entries
    .filter(({ cycle }) => cycle.startsWith(`${day}-`))
    .map(({ cycle }) => Number(cycle.slice(day.length + 1)));
  return `${day}-${Math.max(0, ...numbers) + 1}`;
}

/** Reads the ledger as it stands on the state branch. */
export async function readLedgerFrom(state: StateReader): Promise<LedgerReading> {
  const files = new Map<string, string>();
  for (const path of await state.list(LEDGER_FOLDER)) {
    const text = await state.readText(path);
    if (text !== null) files.set(path, text);
  }
  return readLedger(files);
}

export function ledgerPath(cycle: string): string {
  return `${LEDGER_FOLDER}/${cycle}.jsonl`;
}

function cycleOf(path: string): string {
  return path.slice(LEDGER_FOLDER.length + 1, -'.jsonl'.length);
}

/** Cycles are `yyyymmdd-n`; the tenth of a day comes after the ninth. */
function byCycle(left: string, right: string): number {
  const [leftDay, leftNumber] = cycleOf(left).split('-') as [string, string];
  const [rightDay, rightNumber] = cycleOf(right).split('-') as [string, string];
  return leftDay.localeCompare(rightDay) || Number(leftNumber) - Number(rightNumber);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function broken(path: string, line: number, why: string): RatchetError {
  return new RatchetError(
    'ledger/broken',
    `${path}:${line}: ${why}.`,
    'The record was changed after it was written: find the commit on ratchet/state that did it, and restore the file from before.',
    { path, line },
  );
}
