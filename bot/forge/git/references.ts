import { askOnce, git, tryGit } from './run-git.ts';

export const noCommit = '0'.repeat(40);

const forbidden = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^\.|^\/|^-|\/$|\.$|\.lock(?:\/|$)/;

/** git's own rules for the name of a reference (git check-ref-format), without starting git. */
export function isRefName(name: string): boolean {
  return name !== '' && name !== '@' && name.length <= 250 && !forbidden.test(name);
}

/** Every reference under refs/heads and refs/tags with the object it names. */
export async function listRefs(gitDir: string): Promise<Map<string, string>> {
  const output = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)']);
  const refs = new Map<string, string>();
  for (const line of output.toString('utf8').split('\n')) {
    if (line !== '') refs.set(line.slice(41), line.slice(0, 40));
  }
  return refs;
}

/** The object a full reference name points at, or null. */
export async function readRef(gitDir: string, name: string): Promise<string | null> {
  if (!isRefName(name)) return null;
  const output = await tryGit(gitDir, ['show-ref', '--verify', '--hash', name]);
  return output.exitCode === 0 ? output.stdout.toString('utf8').trim() : null;
}

/**
 * Moves a reference only if it still is where the caller saw it (compare and swap).
 * `after` of forty zeros deletes, `before` of forty zeros creates.
 */
export async function moveRef(gitDir: string, name: string, after: string, before: string): Promise<boolean> {
  const output = await tryGit(gitDir, ['update-ref', '--stdin'], { input: `update ${name} ${after} ${before}\n` });
  return output.exitCode === 0;
}

export async function objectType(gitDir: string, sha: string): Promise<'commit' | 'tree' | 'blob' | 'tag' | null> {
  const output = await askOnce(gitDir, ['cat-file', '-t', sha], [sha]);
  return output.exitCode === 0 ? (output.stdout.toString('utf8').trim() as 'commit' | 'tree' | 'blob' | 'tag') : null;
}

/** A branch, a tag, a full reference name, `heads/x`, or a commit hash of 7 digits or more, as the hash of the commit; null when there is none. */
export async function resolveCommit(gitDir: string, ref: string): Promise<string | null> {
  if (/^[0-9a-f]{7,40}$/.test(ref)) {
    const found = await revParse(gitDir, ref);
    if (found !== null) return found;
  }
  if (!isRefName(ref)) return null;
  const names = ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
  if (ref === 'HEAD') names.unshift('HEAD');
  for (const name of names) {
    const found = await revParse(gitDir, name);
    if (found !== null) return found;
  }
  return null;
}

async function revParse(gitDir: string, name: string): Promise<string | null> {
  const output = await askOnce(gitDir, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], [name]);
  return output.exitCode === 0 ? output.stdout.toString('utf8').trim() : null;
}
