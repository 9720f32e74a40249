import { appendFile } from 'node:fs/promises';
import { RatchetError } from '#engine/errors.ts';

/**
 * Hands values to later steps of the job, and prints them. One line each: a value with a line break could add outputs of its own.
 * @param file GITHUB_OUTPUT; nothing is written outside of Actions
 */
export async function writeOutputs(file: string | undefined, outputs: Readonly<Record<string, string | number>>): Promise<void> {
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value}`);
  const broken = lines.find((line) => /[\r\n]/.test(line));
  if (broken !== undefined) {
    throw new RatchetError('actions/output', 'A value for a later step has a line break.', 'Nothing was written.', { broken });
  }
  if (file !== undefined && file !== '') await appendFile(file, lines.map((line) => `${line}\n`).join(''));
  for (const line of lines) console.log(line);
}
