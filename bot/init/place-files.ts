import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import type { RepositoryFiles } from './deployment-files.ts';

export interface Placed {
  /** New, or with `--force` in the place of another. */
  readonly written: readonly string[];
  /** There already, to the byte. */
  readonly same: readonly string[];
  /** There, and different: left as they are. */
  readonly left: readonly string[];
}

/**
 * Writes files into a working tree, and over nothing that differs unless told to.
 * @param isForced whether a different file may be replaced
 * @throws RatchetError `init/not-a-folder` when something that is no folder, such as a link, stands where one is needed: what is
 * written must stay inside the tree. Nothing was written then.
 */
export function placeFiles(dir: string, files: RepositoryFiles, isForced: (path: string) => boolean): Placed {
  for (const path of files.keys()) refuseDetour(dir, path);
  const written: string[] = [];
  const same: string[] = [];
  const left: string[] = [];
  for (const [path, bytes] of files) {
    const target = join(dir, path);
    if (existsSync(target) && readFileSync(target).equals(bytes)) same.push(path);
    else if (existsSync(target) && !isForced(path)) left.push(path);
    else {
      mkdirSync(dirname(target), { recursive: true });
      // A name that nobody has, and nothing that stands there: neither a person's file nor a link that leads out of the tree.
      const draft = `${target}.${randomBytes(6).toString('hex')}.new`;
      writeFileSync(draft, bytes, { flag: 'wx' });
      renameSync(draft, target);
      written.push(path);
    }
  }
  return { written, same, left };
}

function refuseDetour(dir: string, path: string): void {
  const steps = path.split('/');
  for (const [index] of steps.entries()) {
    const place = join(dir, ...steps.slice(0, index + 1));
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (index === steps.length - 1 ? stat.isFile() : stat.isDirectory()) continue;
    throw new RatchetError(
      'init/not-a-folder',
      `${place} is not the ${index === steps.length - 1 ? 'file' : 'folder'} that ratchet init writes.`,
      'Move it away; nothing was written.',
      { path: place },
    );
  }
}
