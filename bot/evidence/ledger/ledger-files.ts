import { z } from 'zod';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateBranch, StateReader } from '#engine/repository/state-branch.ts';
import { broken, chain, EMPTY_LEDGER, type LedgerHead, type LedgerReading, readLedger, recordsOf } from './chain.ts';
import type { LedgerEntry } from './entries.ts';
import {
  byCycle,
  cycleOf,
  isLinesPath,
  isReturnsPath,
  LEDGER_FOLDER,
  LEDGER_HEAD_PATH,
  ledgerPath,
  returnsPath,
} from './paths.ts';
import { compressReturns, decompressReturns, digestOfReturns, unpackReturns } from './return-series.ts';
import { requireStructure } from './structure.ts';

/** Who may add to the ledger. */
export type LedgerWriter = Pick<StateBranch, 'update'>;

const Head = z.strictObject({
  hash: z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]),
  sequence: z.number().int().positive(),
});

/** How many files are read side by side. */
const READERS = 8;

/**
 * Reads the ledger as it stands on the state branch, and believes nothing: the chain of hashes, the head that every writer moves
 * (so that a lost last line or night is missed), the story the lines tell, and the digests of the return series.
 * @throws RatchetError `ledger/broken` naming the file
 */
export async function readLedgerFrom(state: StateReader): Promise<LedgerReading> {
  const paths = await state.list(LEDGER_FOLDER);
  const stranger = paths.find((path) => !isLinesPath(path) && !isReturnsPath(path) && path !== LEDGER_HEAD_PATH);
  if (stranger !== undefined) throw broken(stranger, null, 'it is no file of the ledger');
  const files = await readAll(state, paths);
  const lines = new Map([...files].filter(([path]) => isLinesPath(path)).map(([path, bytes]) => [path, textOf(path, bytes)]));
  const ledger = readLedger(lines);
  requireHead(ledger.head, files.get(LEDGER_HEAD_PATH));
  requireStructure(ledger);
  return { ...ledger, returns: returnsIn(ledger, files) };
}

/** What is to be written: lines, and at the end of a search the packed returns of its trials. */
export interface Addition {
  readonly entries: readonly LedgerEntry[];
  readonly returns?: Uint8Array;
}

/**
 * Adds lines to a night's file, the newest there is or a new one, as one commit; the head moves with them.
 * @throws RatchetError `ledger/broken` when what stands there is not what the head says
 */
export async function appendToNight(state: LedgerWriter, cycle: string, addition: Addition): Promise<void> {
  if (addition.entries.length === 0) return;
  await state.update(messageOf(cycle, addition.entries), async (current) => {
    const head = await requireLastLine(current, cycle);
    const before = (await current.readText(ledgerPath(cycle))) ?? '';
    return changesOf(cycle, before, head, addition);
  });
}

/**
 * Adds lines that belong to no night, such as an opening of the vault, to the newest night's file.
 * @param entriesFor decides on the newest ledger what to add; asked again when another writer was first
 * @throws RatchetError `ledger/empty` when there is no night yet
 */
export async function appendToNewest(
  state: LedgerWriter,
  entriesFor: (ledger: LedgerReading) => readonly LedgerEntry[],
): Promise<void> {
  await state.update('ledger: an opening of the vault', async (current) => {
    const ledger = await readLedgerFrom(current);
    const entries = entriesFor(ledger);
    if (entries.length === 0) return new Map();
    const cycle = ledger.entries.at(-1)?.cycle;
    if (cycle === undefined) throw new RatchetError('ledger/empty', 'The ledger has no night yet.', 'Run a night first.');
    const before = (await current.readText(ledgerPath(cycle))) ?? '';
    return changesOf(cycle, before, ledger.head, { entries });
  });
}

function changesOf(cycle: string, before: string, head: LedgerHead, { entries, returns }: Addition): Map<string, Uint8Array> {
  const added = chain(head, entries);
  const changes = new Map<string, Uint8Array>([
    [ledgerPath(cycle), Buffer.from(before + added.text)],
    [LEDGER_HEAD_PATH, Buffer.from(`${canonicalJson({ ...added.head })}\n`)],
  ]);
  if (returns !== undefined) changes.set(returnsPath(cycle), compressReturns(returns));
  return changes;
}

/** Where the next line follows: the head, when it is that of the newest file, and this night's file is the newest or will be. */
async function requireLastLine(current: StateReader, cycle: string): Promise<LedgerHead> {
  const head = parseHead(await current.read(LEDGER_HEAD_PATH));
  const newest = (await current.list(LEDGER_FOLDER)).filter(isLinesPath).sort(byCycle).at(-1);
  if (newest === undefined && head === null) return EMPTY_LEDGER;
  if (newest === undefined || head === null)
    throw broken(LEDGER_HEAD_PATH, null, head === null ? 'it is missing' : 'it names a line, and there is none');
  if (byCycle(newest, ledgerPath(cycle)) > 0)
    throw broken(ledgerPath(cycle), null, `no line can be added: ${newest} has begun since`);
  const lines = ((await current.readText(newest)) ?? '').split('\n');
  const last = lines.at(-2);
  if (lines.at(-1) !== '' || last === undefined || digestOf(last) !== head.hash)
    throw broken(newest, lines.length, `its last line is not the one that ${LEDGER_HEAD_PATH} names`);
  return head;
}

function requireHead(found: LedgerHead, bytes: Uint8Array | undefined): void {
  const head = parseHead(bytes ?? null);
  if (head === null && found.sequence === 0) return;
  if (head === null) throw broken(LEDGER_HEAD_PATH, null, 'it is missing');
  if (head.sequence > found.sequence)
    throw broken(
      LEDGER_HEAD_PATH,
      null,
      `it counts ${head.sequence} lines, there are ${found.sequence}: the last ones are missing`,
    );
  if (head.sequence < found.sequence || head.hash !== found.hash)
    throw broken(LEDGER_HEAD_PATH, null, `it does not name the last line, which is number ${found.sequence}`);
}

function parseHead(bytes: Uint8Array | null): LedgerHead | null {
  if (bytes === null) return null;
  try {
    return Head.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    throw broken(LEDGER_HEAD_PATH, null, 'it does not name a line');
  }
}

/** The packed return series of every night that has any, each against the digest in its chained line. */
function returnsIn(ledger: LedgerReading, files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const returns = new Map<string, Uint8Array>();
  for (const { cycle, entry, path, line } of recordsOf(ledger, 'search-ended')) {
    if (entry.returns === null) continue;
    const file = files.get(returnsPath(cycle));
    if (file === undefined) throw broken(returnsPath(cycle), null, `it is missing; ${path}:${line} names it`);
    returns.set(cycle, requireReturns(ledger, cycle, file, entry.returns));
  }
  const unnamed = [...files.keys()].find((path) => isReturnsPath(path) && !returns.has(cycleOf(path)));
  if (unnamed !== undefined) throw broken(unnamed, null, 'no line of the ledger names it');
  return returns;
}

function requireReturns(ledger: LedgerReading, cycle: string, file: Uint8Array, expected: string): Uint8Array {
  const path = returnsPath(cycle);
  try {
    const packed = decompressReturns(file);
    if (digestOfReturns(packed) !== expected) throw broken(path, null, 'its digest is not the one that stands in the ledger');
    const scored = recordsOf(ledger, 'trial').filter((one) => one.cycle === cycle && one.entry.outcome === 'scored');
    const { trials } = unpackReturns(packed);
    if (trials.length !== scored.length || !scored.every(({ entry }) => trials.includes(entry.trial)))
      throw broken(path, null, 'its series are not those of the trials that were scored');
    return packed;
  } catch (error) {
    if (error instanceof RatchetError && error.code === 'ledger/returns') throw broken(path, null, 'it holds no return series');
    throw error;
  }
}

async function readAll(state: StateReader, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (let start = 0; start < paths.length; start += READERS) {
    const some = paths.slice(start, start + READERS);
    const contents = await Promise.all(some.map((path) => state.read(path)));
    for (const [index, path] of some.entries()) if (contents[index] != null) files.set(path, contents[index]);
  }
  return files;
}

function textOf(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken(path, null, 'it is no text');
  }
}

function messageOf(cycle: string, entries: readonly LedgerEntry[]): string {
  return `ledger: ${cycle} ${[...new Set(entries.map(({ kind }) => kind))].join(', ')}`;
}
