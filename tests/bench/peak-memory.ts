import { readdirSync, readFileSync } from 'node:fs';

/** The largest peak of memory among the Node processes below this one; null where the system has no /proc. */
export function peakMegabytes(): number | null {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
  const statuses = new Map<number, string>();
  for (const name of names) {
    try {
      statuses.set(Number(name), readFileSync(`/proc/${name}/status`, 'latin1'));
    } catch {
      // It ended meanwhile.
    }
  }
  const field = (status: string, key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const isBelow = (status: string): boolean => {
    const parent = field(status, 'PPid');
    if (parent === process.pid) return true;
    const above = statuses.get(parent);
    return above !== undefined && isBelow(above);
  };
  const peaks = [...statuses.values()]
    .filter((status) => /^Name:\s+node/m.test(status) && isBelow(status))
    .map((status) => field(status, 'VmHWM'))
    .filter(Number.isFinite);
  return peaks.length === 0 ? null : Math.max(...peaks) / 1024;
}
