import { CommanderError } from 'commander';
import { createProgram } from '#bot/cli/program.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Ended } from './ratchet-process.ts';

/**
 * A command of `ratchet` inside the test's own process: what it prints and what it would end with, for commands that read and
 * write files. What concerns the process itself (signals, the last line of an error) is tested with a process.
 */
export async function ratchetHere(...args: readonly string[]): Promise<Ended> {
  const lines: string[] = [];
  const log = console.log;
  const before = process.exitCode;
  console.log = (text: string) => {
    lines.push(text);
  };
  process.exitCode = 0;
  const stdout = (): string => lines.map((line) => `${line}\n`).join('');
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return { code: process.exitCode, stdout: stdout(), stderr: '' };
  } catch (error) {
    if (!(error instanceof RatchetError || error instanceof CommanderError)) throw error;
    const isUsage = error instanceof CommanderError || error.code.endsWith('/usage');
    return { code: isUsage ? 2 : 1, stdout: stdout(), stderr: explain(error) };
  } finally {
    console.log = log;
    process.exitCode = before;
  }
}
