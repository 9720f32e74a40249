import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A real ext4 on a file: what is open on it stays open while it becomes read-only, which no other way of asking for that allows. */
export interface Ext4Disk {
  readonly path: string;
  /** An error the kernel finds: it takes no write from then on, until it is mounted anew. */
  fail(): void;
  /** By its owner, for the time being: what lies in its folder, and that folder, may not be changed. */
  forbid(): void;
  permit(): void;
  /** Nothing on it may be open. */
  mountAnew(): void;
  remove(): void;
}

/** Null where this process may not mount one, or the tools are missing. */
export function ext4Disk(sizeMiB: number): Ext4Disk | null {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-ext4-'));
  const [image, path] = [join(folder, 'image'), mkdtempSync(join(folder, 'disk-'))];
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });
  const mount = () => void run('mount', '-o', 'loop,errors=remount-ro', image, path);
  const trigger = () =>
    `/sys/fs/ext4/${basename(run('findmnt', '--noheadings', '--output', 'SOURCE', path).trim())}/trigger_fs_error`;
  // The index that readers and the writer share is mapped into memory: a write there that is refused would end the process by a signal.
  const parts = () => [
    path,
    ...readdirSync(path)
      .filter((name) => /\.sqlite(-wal)?$/.test(name))
      .map((name) => join(path, name)),
  ];
  try {
    writeFileSync(image, '');
    truncateSync(image, sizeMiB * 2 ** 20);
    run('mkfs.ext4', '-q', image);
    mount();
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    path,
    fail: () => writeFileSync(trigger(), '1'),
    forbid: () => void run('chattr', '+i', ...parts()),
    permit: () => void run('chattr', '-i', ...parts()),
    mountAnew() {
      run('umount', path);
      mount();
    },
    remove() {
      run('umount', path);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Whether there can be one here, and the kernel can be told to find an error on it. */
export function mayMountExt4(): boolean {
  const disk = ext4Disk(4);
  try {
    disk?.fail();
    return disk !== null;
  } catch {
    return false;
  } finally {
    disk?.remove();
  }
}
