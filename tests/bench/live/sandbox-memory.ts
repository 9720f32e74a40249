import { readdirSync, readFileSync } from 'node:fs';

/**
 * What the sandboxes below a process hold, bytes; null where the system has no /proc, or none is walled in by bwrap.
 * @param above id of the process
 */
export function sandboxBytes(above: number): number | null {
  const statuses = new Map<number, string>();
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
  for (const name of names) {
    try {
      statuses.set(Number(name), readFileSync(`/proc/${name}/status`, 'latin1'));
    } catch {
      // It ended meanwhile.
    }
  }
  const field = (status: string, key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const isBelow = (status: string, isWalled = false): boolean => {
    const parent = field(status, 'PPid');
    const isWall = /^Name:\s+bwrap$/m.test(status);
    if (parent === above) return isWalled || isWall;
    const next = statuses.get(parent);
    return next !== undefined && isBelow(next, isWalled || isWall);
  };
  const held = [...statuses.values()].filter((status) => isBelow(status)).map((status) => field(status, 'VmRSS'));
  return held.length === 0 ? null : 1_024 * held.filter(Number.isFinite).reduce((sum, kilobytes) => sum + kilobytes, 0);
}
