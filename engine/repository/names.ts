import { RatchetError } from '#engine/errors.ts';
import type { BlobHash, CommitHash, TreeHash } from './types.ts';

const hash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Checks that `text` has a commit's shape; whether the commit exists only `resolve` can say. */
export function commitHash(text: string): CommitHash {
  if (!hash.test(text)) throw badName('commit', text);
  return text as CommitHash;
}

export function treeHash(text: string): TreeHash {
  if (!hash.test(text)) throw badName('tree', text);
  return text as TreeHash;
}

export function blobHash(text: string): BlobHash {
  if (!hash.test(text)) throw badName('blob', text);
  return text as BlobHash;
}

/**
 * `main` becomes `refs/heads/main`; full names pass. Refuses what git could read as an option, a range or a pattern, and what it
 * gives no name to (git check-ref-format).
 */
export function fullRef(ref: string): string {
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(ref) && !/\.\.|\/\/|\/$|\.lock(?:\/|$)|\/\.|\.$/.test(ref);
  if (!isPlain) throw badName('ref', ref);
  return ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
}

/** A path inside the repository: relative, without `.` or `..` steps and without control characters. The empty path is the root. */
export function checkedPath(path: string): string {
  const isRelative =
    path === '' || path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git');
  // A newline would end a line of the batch protocol.
  if (!isRelative || [...path].some((character) => character < ' ' || character === '\u007f')) throw badName('path', path);
  return path;
}

function badName(what: string, text: string): RatchetError {
  return new RatchetError(
    'repository/bad-name',
    `${JSON.stringify(text.slice(0, 200))} is not a ${what} this repository can be asked for.`,
    `Give a plain ${what}.`,
    { what },
  );
}
