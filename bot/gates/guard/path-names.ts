import { finding, type GuardFinding } from './finding.ts';
import { firstHidden } from './hidden-characters.ts';

/** Names that Windows keeps for devices, whatever stands behind their dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;
/** Git's own folder, also as disks spell it that ignore case or shorten names. */
const GIT_FOLDER = /^(?:\.git|git~\d+)[ .]*(?::.*)?$/i;

/** What is wrong with a file's name alone; null when nothing is. A path with trouble is asked of nobody. */
export function troubleWithName(path: string): string | null {
  const hidden = firstHidden(path);
  // Git hands out bytes; what is no UTF-8 among them comes here as U+FFFD and names another file, or none.
  if (path.includes('\ufffd')) return 'the name is not UTF-8, so nobody can ask for what it holds: rename it.';
  if (/[\t\n]/.test(path)) return 'the name holds a tab or a line break: give it one that reads as it is.';
  if (hidden !== null) return `the name holds ${hidden}: give it one that reads as it is.`;
  if (path !== path.normalize('NFC')) return 'the name is written with separate accents: write it composed (Unicode NFC).';
  if (/^\/|^[A-Za-z]:|\\/.test(path)) return 'the name leads out of the repository on some systems: use plain names and /.';
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'the path steps out of its folder: name the file where it stands.';
    if (GIT_FOLDER.test(part)) return `${part} would be taken for git's own folder: rename it.`;
    if (/[. ]$/.test(part) || DEVICE.test(part) || /[<>:"|?*]/.test(part))
      return `${part} is no name on every system: rename it.`;
  }
  return null;
}

/**
 * Paths that are one and the same on a disk that ignores case, folders included.
 * @param files every file of the tree
 * @param changed those the change adds or renames
 */
export function collidingNames(files: readonly string[], changed: readonly string[]): readonly GuardFinding[] {
  const spelled = new Map<string, Set<string>>();
  for (const file of files) {
    for (const path of withFolders(file)) {
      const folded = fold(path);
      const known = spelled.get(folded);
      if (known === undefined) spelled.set(folded, new Set([path]));
      else known.add(path);
    }
  }
  return changed.flatMap((file) => {
    const path = withFolders(file).find((candidate) => (spelled.get(fold(candidate))?.size ?? 0) > 1);
    if (path === undefined) return [];
    const other = [...spelled.get(fold(path))!].find((candidate) => candidate !== path);
    return [finding(file, `${path} and ${other} are one and the same on disks that ignore case: rename one.`)];
  });
}

function withFolders(file: string): readonly string[] {
  const parts = file.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
}
