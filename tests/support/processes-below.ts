import { execFileSync } from 'node:child_process';

/** Process numbers of all that a process has started and that still runs, with what they started in turn, whose command line holds a text. */
export function processesBelow(root: number, text: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
  const all = lines.flatMap((line) => {
    const [, pid, parent, stat, args] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(line) ?? [];
    return stat === undefined || stat.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent), args: args! }];
  });
  const below = (parent: number): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(root).flatMap(({ pid, args }) => (args.includes(text) ? [pid] : []));
}
