import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Thought } from './thought.ts';

/** Other names are drafts of a moment, or nothing of ours. */
const RECORD = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[a-z]+(-\d+)?\.json$/;

/** One kept exchange; `record` is its name in the folder. */
export type KeptThought =
  | { readonly record: string; readonly thought: Thought }
  /** What is no exchange, though it has the name of one. */
  | { readonly record: string; readonly thought: null; readonly problem: string };

export interface ThoughtsQuery {
  /** A night's cycle; null for all there is. */
  readonly cycle: string | null;
  readonly max: number;
}

/**
 * The exchanges that are kept, the newest first.
 * @param dir the folder `Thoughts` writes to; one that is not there has none
 * @returns at most `max` of them, and how many there are
 */
export function readThoughts(
  dir: string,
  { cycle, max }: ThoughtsQuery,
): { readonly thoughts: readonly KeptThought[]; readonly found: number } {
  const records =
    cycle === null ? [...recordsIn(dir, ''), ...cyclesIn(dir).flatMap((name) => recordsIn(dir, name))] : recordsIn(dir, cycle);
  const newest = records.toSorted((left, right) => byTime(right, left));
  return { thoughts: newest.slice(0, max).map((record) => read(dir, record)), found: records.length };
}

/** The nights there are exchanges of, in no order. */
export function cyclesIn(dir: string): readonly string[] {
  return entriesOf(dir).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function recordsIn(dir: string, cycle: string): readonly string[] {
  // Whoever names a night names no path.
  if (cycle !== '' && !cyclesIn(dir).includes(cycle)) return [];
  const names = entriesOf(join(dir, cycle)).filter((entry) => entry.isFile() && RECORD.test(entry.name));
  return names.map(({ name }) => (cycle === '' ? name : `${cycle}/${name}`));
}

function entriesOf(dir: string): readonly Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** A name begins with its time; of one millisecond the later ones are numbered. */
function byTime(left: string, right: string): number {
  const [leftName, rightName] = [nameOf(left), nameOf(right)];
  return leftName.localeCompare(rightName, 'en', { numeric: true });
}

function nameOf(record: string): string {
  return record.slice(record.indexOf('/') + 1).replace(/\.json$/, '');
}

function read(dir: string, record: string): KeptThought {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(join(dir, record), 'utf8'));
  } catch (error) {
    return { record, thought: null, problem: error instanceof Error ? error.message : String(error) };
  }
  const parsed = Thought.safeParse(raw);
  if (parsed.success) return { record, thought: parsed.data };
  const issue = parsed.error.issues[0];
  return { record, thought: null, problem: `${issue?.path.join('.')}: ${issue?.message}` };
}
