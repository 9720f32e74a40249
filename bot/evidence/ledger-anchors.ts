import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { broken, LEDGER_FOLDER, LEDGER_HEAD_PATH, type LedgerReading } from './ledger.ts';
import { PACK_PATH } from './pack.ts';

/** A place outside the ledger's lines that names one of them. */
export interface Anchor {
  /** For people: `the pack of ema-cross in 1a2b3c4d`. */
  readonly where: string;
  readonly hash: string;
  /** The line's number, where the place names that too. */
  readonly sequence: number | null;
}

const Named = z.looseObject({ search: z.looseObject({ ledgerHead: z.string() }) });
const Head = z.looseObject({ hash: z.string(), sequence: z.number() });

/** How many questions git is asked side by side. */
const ASKED_AT_ONCE = 8;

/**
 * Every line that anything outside the ledger names must stand in it. A chain that was cut short or written anew from some line on is
 * sound in itself; what was published while it still had its lines is not in it.
 * @throws RatchetError `ledger/broken` naming the place whose line is missing
 */
export function requireAnchors(ledger: LedgerReading, anchors: readonly Anchor[]): void {
  const sequences = new Map<string, number>(ledger.entries.map(({ hash }, index) => [hash, index + 1]));
  for (const { where, hash, sequence } of anchors) {
    const found = sequences.get(hash);
    if (found !== undefined && (sequence === null || sequence === found)) continue;
    const line = sequence === null ? '' : ` as number ${sequence}`;
    throw broken(
      LEDGER_FOLDER,
      null,
      `the line ${hash.slice(0, 19)}…, which ${where} names${line}, is not in it: lines are missing or were written anew`,
    );
  }
}

/** What each version of each strategy's evidence that was ever on main says the ledger was. */
export async function anchorsOnMain(repository: Repository): Promise<readonly Anchor[]> {
  const tip = await repository.resolve('main');
  if (tip === null) return [];
  const seen = new Set<string>();
  const anchors: Anchor[] = [];
  for (const { commit } of await repository.firstParentLog(null, tip)) {
    for (const { path, blob } of await repository.listFiles(commit, 'strategies')) {
      const id = path.match(/^strategies\/([^/]+)\/(.+)$/);
      if (id?.[2] !== PACK_PATH || seen.has(blob)) continue;
      seen.add(blob);
      const [bytes] = await repository.readBlobs([blob]);
      const where = `the pack of ${id[1]} in ${commit.slice(0, 8)} on main`;
      anchors.push({ where, hash: namedBy(bytes!, where), sequence: null });
    }
  }
  return anchors;
}

/** Every head the ledger ever had, in the history of the state branch. */
export async function anchorsInHistory(repository: Repository, tip: CommitHash | null): Promise<readonly Anchor[]> {
  if (tip === null) return [];
  const log = await repository.firstParentLog(null, tip);
  const trees = await inTurns(log, ({ commit }) => repository.treeOf(commit, LEDGER_FOLDER));
  const changed = log.filter((_, index) => trees[index] !== null && trees[index] !== trees[index - 1]);
  const heads = await inTurns(changed, async ({ commit }) => {
    const bytes = await repository.readFile(commit, LEDGER_HEAD_PATH);
    const head = Head.safeParse(bytes === null ? null : jsonOf(bytes));
    if (!head.success) throw broken(LEDGER_HEAD_PATH, null, `in ${commit.slice(0, 8)} on ratchet/state it names no line`);
    const { hash, sequence } = head.data;
    return { where: `${commit.slice(0, 8)} on ratchet/state`, hash, sequence };
  });
  return heads;
}

function namedBy(bytes: Uint8Array, where: string): string {
  const named = Named.safeParse(jsonOf(bytes));
  if (named.success) return named.data.search.ledgerHead;
  throw new RatchetError(
    'ledger/no-anchor',
    `${where} names no line of the ledger.`,
    'Evidence is made by the night, and names the line its search ended with: find out how this came to main.',
  );
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

async function inTurns<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let start = 0; start < items.length; start += ASKED_AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(start, start + ASKED_AT_ONCE).map(ask))));
  }
  return answers;
}
