import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SeedResult } from './seed-result.ts';

const program = fileURLToPath(new URL('./seeds-process.ts', import.meta.url));

/**
 * Runs seeds in processes of their own, each as soon as one is free.
 * @param onResult told of each as it ends, in no order
 * @returns all of them, in the order of `seeds`
 */
export async function runSeeds(
  seeds: readonly number[],
  processes: number,
  onResult: (result: SeedResult) => void,
): Promise<SeedResult[]> {
  const results = new Map<number, SeedResult>();
  const left = [...seeds];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(program, { execArgv: ['--import', 'tsx'] });
      let current: number | undefined;
      const next = (): void => {
        current = left.shift();
        if (current === undefined) child.disconnect();
        else child.send(current);
      };
      child.on('message', (message) => {
        const result = SeedResult.parse(message);
        results.set(result.seed, result);
        onResult(result);
        next();
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (current === undefined) resolve();
        else reject(new Error(`The process of seed ${current} ended (${signal ?? code}).`));
      });
      next();
    });
  await Promise.all(Array.from({ length: Math.min(processes, seeds.length) }, work));
  return seeds.map((seed) => results.get(seed)!);
}
