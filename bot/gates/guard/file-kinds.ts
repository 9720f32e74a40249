import type { AuthorClass } from '#bot/gates/author-class.ts';
import type { ChangedFile } from '#engine/repository/repository.ts';

/** How files begin that a page of documentation may show. */
const PICTURES: readonly (readonly [RegExp, readonly number[]])[] = [
  [/\.png$/i, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  [/\.jpe?g$/i, [0xff, 0xd8, 0xff]],
  [/\.gif$/i, [0x47, 0x49, 0x46, 0x38]],
  [/\.webp$/i, [0x52, 0x49, 0x46, 0x46]],
];

/** What is wrong with the kind of a file; null when it is plain, or an executable that was one before. */
export function troubleWithMode(
  { mode, isSymlink }: ChangedFile,
  modeBefore: string | undefined,
  author: AuthorClass,
  begin: string,
): string | null {
  if (isSymlink || mode === '120000') return 'links are not allowed: put the file itself here.';
  if (mode === '160000') return 'submodules are not allowed, for nobody has looked at what they hold: put the files here.';
  if (mode === '100644' || mode === modeBefore) return null;
  if (mode !== '100755') return `mode ${mode} is no plain file's: commit it as 100644.`;
  if (author === 'person' && begin.startsWith('#!')) return null;
  return 'nothing here is to be executed: take the executable bit off (git update-index --chmod=-x); a script of a person begins with #!.';
}

/** What is wrong with bytes that are no text; null for a picture that a person puts into the documentation. */
export function troubleWithBinary(path: string, bytes: Uint8Array, author: AuthorClass): string | null {
  const signature = PICTURES.find(([name]) => name.test(path))?.[1];
  const isPicture = signature?.every((byte, index) => bytes[index] === byte) === true;
  if (author === 'person' && path.startsWith('docs/') && isPicture) return null;
  return 'binary files are not allowed, for nobody can review them: only a person may put pictures, and those into docs/.';
}
