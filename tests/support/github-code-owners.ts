/** A line of a CODEOWNERS file that says something. */
export interface OwnedPattern {
  readonly pattern: string;
  readonly owners: readonly string[];
}

/** GitHub loads no file that is larger. */
const MAX_BYTES = 3_000_000;

/**
 * A CODEOWNERS file as GitHub reads it ("About code owners"): patterns of a gitignore file without `!`, `[ ]` and an escaped `#`, then
 * owners as `@user`, `@org/team` or an address. Throws on the first line that GitHub would report and pass over.
 */
export function readCodeOwners(text: string): readonly OwnedPattern[] {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error('The file is over 3 MB.');
  return text.split('\n').flatMap((line) => {
    const [pattern, ...owners] = line
      .replace(/(^|\s)#.*$/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (pattern === undefined) return [];
    if (pattern.startsWith('!')) throw new Error(`${pattern}: a pattern cannot be negated.`);
    if (/[[\]]/.test(pattern)) throw new Error(`${pattern}: there are no ranges of characters.`);
    if (pattern.startsWith('\\#')) throw new Error(`${pattern}: a number sign cannot be escaped.`);
    for (const owner of owners) {
      const isOwner = /^@[\w-]+(?:\/[\w.-]+)?$/.test(owner) || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(owner);
      if (!isOwner) throw new Error(`${owner} is no owner.`);
    }
    return [{ pattern, owners }];
  });
}

/** Whether a pattern that stands at the root, or `*`, names one of the paths. */
export function namesAny(pattern: string, paths: readonly string[]): boolean {
  if (pattern === '*') return paths.length > 0;
  const path = pattern.replace(/^\//, '');
  return paths.some((candidate) => (path.endsWith('/') ? candidate.startsWith(path) : candidate === path));
}
