/** Where GitHub looks for code owners; the first that is there counts, alone. */
export const CODE_OWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;

/** GitHub loads no file that is larger. */
const MAX_BYTES = 3_000_000;

/** A line that says who owns what. */
export interface OwnedPattern {
  readonly pattern: string;
  readonly owners: readonly string[];
}

/** Why a line is passed over, in GitHub's words; line and column count from one. */
export interface CodeOwnersFault {
  readonly line: number;
  readonly column: number;
  readonly kind: 'Invalid pattern' | 'Invalid owner' | 'Unknown owner';
  readonly source: string;
  readonly suggestion: string | null;
}

/**
 * Reads a CODEOWNERS file: patterns of a gitignore file without `!`, `[ ]` and an escaped `#`, then owners as `@user`, `@org/team` or an
 * address (GitHub, "About code owners"). A line with a fault owns nothing.
 * @param isKnown whether an owner of the right form exists and may write
 */
export function readCodeOwners(
  text: string,
  isKnown: (owner: string) => boolean,
): { readonly owned: readonly OwnedPattern[]; readonly faults: readonly CodeOwnersFault[] } {
  if (Buffer.byteLength(text) > MAX_BYTES) return { owned: [], faults: [] };
  const owned: OwnedPattern[] = [];
  const faults: CodeOwnersFault[] = [];
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const [pattern, ...owners] = wordsOf(source);
    if (pattern === undefined) continue;
    const found = faultIn(pattern, owners, isKnown);
    if (found === null) owned.push({ pattern, owners });
    else faults.push({ line: index + 1, column: source.indexOf(found.word) + 1, source, ...found.fault });
  }
  return { owned, faults };
}

function wordsOf(line: string): readonly string[] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/\s+/)
    .filter((word) => word !== '');
}

function faultIn(
  pattern: string,
  owners: readonly string[],
  isKnown: (owner: string) => boolean,
): { readonly word: string; readonly fault: Pick<CodeOwnersFault, 'kind' | 'suggestion'> } | null {
  if (/^!|[[\]]|^\\#/.test(pattern)) return { word: pattern, fault: { kind: 'Invalid pattern', suggestion: null } };
  for (const word of owners) {
    if (!/^@[\w-]+(?:\/[\w.-]+)?$|^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(word))
      return { word, fault: { kind: 'Invalid owner', suggestion: null } };
    if (isKnown(word)) continue;
    const what = word.includes('/') ? `the team ${word} exists, is publicly visible,` : `${word} exists`;
    return { word, fault: { kind: 'Unknown owner', suggestion: `make sure ${what} and has write access to the repository` } };
  }
  return null;
}
