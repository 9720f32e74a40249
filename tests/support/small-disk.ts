import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real filesystem of its own that can be filled to the last byte, and be made read-only. */
export interface SmallDisk {
  readonly path: string;
  /** Until it takes no byte more. */
  fill(): void;
  makeRoom(): void;
  /** Nothing on it may be open for writing. */
  makeReadOnly(): void;
  remove(): void;
}

/** Null where this process may not mount one. */
export function smallDisk(sizeMiB: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'ratchet-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmdirSync(path);
    return null;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const descriptor = openSync(filler, 'a');
      try {
        for (let portion = 1 << 20; portion > 0; ) {
          try {
            writeSync(descriptor, Buffer.alloc(portion));
          } catch (error) {
            if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
            portion >>= 1;
          }
        }
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    makeRoom: () => rmSync(filler),
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
    remove() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}

/** Whether there can be one here. */
export const mayMount = ((): boolean => {
  const disk = smallDisk(1);
  disk?.remove();
  return disk !== null;
})();
