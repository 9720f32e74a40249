import { mkdtemp, readFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Whether a mirror stands in a folder that git can open. A machine that loses power, or whose disk fails, may leave one whose first files are
 * there and empty; nothing can be read through it any more, and what it mirrors is fetched again. So it is put aside, beside where it
 * stood, and there is none.
 */
export async function mirrorIn(dir: string): Promise<boolean> {
  const head = await textOf(join(dir, 'HEAD'));
  if (head === null) return false;
  const isWhole =
    /^(ref: refs\/heads\/|[0-9a-f]{40})/.test(head) &&
    (await textOf(join(dir, 'config'))) !== '' &&
    (await isFolder(join(dir, 'objects'))) &&
    (await isFolder(join(dir, 'refs')));
  if (!isWhole) await rename(dir, await mkdtemp(join(dir, '..', `${basename(dir)}.damaged-`)));
  return isWhole;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
