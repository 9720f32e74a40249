import { blobHash, commitHash } from './names.ts';
import type { ChangedFile, ListedFile, LoggedCommit } from './types.ts';

/** `ls-tree -r -z -l`: `mode type hash size<TAB>path<NUL>`. */
export function parseListing(output: Buffer): ListedFile[] {
  return records(output).map((record) => {
    const tab = record.indexOf('\t');
    const [mode = '', , hash = '', size = ''] = record.slice(0, tab).split(/ +/);
    return { path: record.slice(tab + 1), mode, size: size === '-' ? null : Number(size), blob: blobHash(hash) };
  });
}

/** `log -z` in the format `logFormat`. */
export const logFormat = '%H%x1f%P%x1f%an%x1f%ae%x1f%ct%x1f%B';

export function parseLog(output: Buffer): LoggedCommit[] {
  return records(output).map((record) => {
    const [hash = '', parents = '', name = '', email = '', seconds = '', ...message] = record.split('\x1f');
    return {
      commit: commitHash(hash),
      parents: parents === '' ? [] : parents.split(' ').map(commitHash),
      author: { name, email },
      committedAt: Number(seconds) * 1000,
      message: message.join('\x1f').trimEnd(),
    };
  });
}

/** One line of `diff-tree --raw`: what changed, before the line counts are known. */
export interface RawChange {
  readonly path: string;
  readonly previousPath?: string;
  readonly status: ChangedFile['status'];
  readonly mode: string;
  /** At head; null when deleted or a submodule. */
  readonly blob: string | null;
}

const statuses: Readonly<Record<string, ChangedFile['status']>> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'type-changed',
};

/** `diff-tree -r -z --raw`: `:mode mode hash hash STATUS<NUL>path<NUL>`, with a second path after a rename. */
export function parseRawDiff(output: Buffer): RawChange[] {
  const parts = records(output);
  const changes: RawChange[] = [];
  for (let at = 0; at < parts.length; ) {
    const [oldMode = '', newMode = '', , newHash = '', letter = ''] = parts[at]!.slice(1).split(' ');
    const status = statuses[letter[0] ?? ''] ?? 'modified';
    const isMoved = status === 'renamed' || status === 'copied';
    const path = parts[at + (isMoved ? 2 : 1)]!;
    const mode = status === 'deleted' ? oldMode : newMode;
    changes.push({
      path,
      ...(isMoved ? { previousPath: parts[at + 1]! } : {}),
      status,
      mode,
      blob: status === 'deleted' || mode === '160000' ? null : newHash,
    });
    at += isMoved ? 3 : 2;
  }
  return changes;
}

export interface LineCount {
  readonly additions: number;
  readonly deletions: number;
  readonly isBinary: boolean;
}

/** `diff-tree -r -z --numstat`: `added<TAB>deleted<TAB>path<NUL>`, or after a rename an empty path and two more records. */
export function parseLineCounts(output: Buffer): Map<string, LineCount> {
  const parts = records(output, true);
  const counts = new Map<string, LineCount>();
  for (let at = 0; at < parts.length; ) {
    const [added = '', deleted = '', path = ''] = parts[at]!.split('\t');
    const isBinary = added === '-';
    const count = { additions: isBinary ? 0 : Number(added), deletions: isBinary ? 0 : Number(deleted), isBinary };
    if (path !== '') {
      counts.set(path, count);
      at += 1;
    } else {
      counts.set(parts[at + 2]!, count);
      at += 3;
    }
  }
  return counts;
}

function records(output: Buffer, keepEmpty = false): string[] {
  const parts = output.toString('utf8').split('\0');
  parts.pop();
  return keepEmpty ? parts : parts.filter((part) => part !== '');
}
