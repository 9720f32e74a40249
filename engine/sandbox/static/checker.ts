/*
 * The program of the checker process: parsing and esbuild happen here, where a crash or an endless parse costs nothing but
 * this process. Requests and answers are lines of JSON.
 */
import { createInterface } from 'node:readline';
import { emit } from './emit.ts';
import { judge } from './source-rules.ts';

const requests = createInterface({ input: process.stdin });
requests.on('line', (line) => {
  void answer(line);
});
requests.on('close', () => process.exit(0));

async function answer(line: string): Promise<void> {
  const { id, file, source } = JSON.parse(line) as { id: number; file: string; source: string };
  const { findings } = judge(file, source, 'ts');
  const verdict = findings.length > 0 ? { findings } : await emit(file, source);
  process.stdout.write(`${JSON.stringify({ id, ...verdict })}\n`);
}
