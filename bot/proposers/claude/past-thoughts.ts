import { type Dirent, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** An exchange, or the draft of one that a kill left: the time it began, with hyphens where a clock has colons, and what it was for. */
const NAME = /^\.?(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)-[a-z]+(?:-\d+)?\.json(?:\.new)?$/;

/**
 * Takes away the exchanges that began before a time, and the folders of nights that have none left. Whatever else lies there stays, and
 * what was spent is counted elsewhere.
 * @param dir the folder `Thoughts` writes to; one that is not there has none
 * @param before UTC milliseconds
 * @returns how many are gone
 */
export function removePastThoughts(dir: string, before: number): number {
  const nights = entriesOf(dir).filter((entry) => entry.isDirectory());
  let removed = removeIn(dir, before);
  for (const { name } of nights) {
    const night = join(dir, name);
    const gone = removeIn(night, before);
    removed += gone;
    if (gone > 0 && entriesOf(night).length === 0) rmdirSync(night);
  }
  return removed;
}

function removeIn(folder: string, before: number): number {
  const past = entriesOf(folder).filter((entry) => {
    const [, hour, minute, second] = NAME.exec(entry.name) ?? [];
    return entry.isFile() && hour !== undefined && Date.parse(`${hour}:${minute}:${second}`) < before;
  });
  for (const { name } of past) rmSync(join(folder, name), { force: true });
  return past.length;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
