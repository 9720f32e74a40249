import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { GATES_CASES_PATH, GATES_POLICY_PATH, GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { type CasesReport, PolicyCases, runCases } from '#bot/gates/policy/cases.ts';
import { compile } from '#bot/gates/policy/judge.ts';
import { RatchetError } from '#engine/errors.ts';

/** `ratchet policy test`: do the rules say of their cases what the cases expect? */
export function testCommand(): Command {
  return new Command('test')
    .description(`Run the cases of ${GATES_CASES_PATH} against ${GATES_POLICY_PATH}.`)
    .option('--directory <dir>', 'the folder that holds policies/', '.')
    .option('--json', 'one JSON object')
    .action(({ directory, json = false }: { directory: string; json?: boolean }) => {
      const rules = compile(parsePolicy(GATES_POLICY_PATH, read(directory, GATES_POLICY_PATH), GatesPolicy));
      const report = runCases(rules, parsePolicy(GATES_CASES_PATH, read(directory, GATES_CASES_PATH), PolicyCases));
      if (json) console.log(JSON.stringify(report));
      else console.log(inWords(report));
      process.exitCode = report.passed ? 0 : 1;
    });
}

function inWords({ cases, unproven }: CasesReport): string {
  const lines = cases.map(({ name, isAsExpected, complaint }) => (isAsExpected ? `✔ ${name}` : `✘ ${name}: ${complaint}`));
  const passed = cases.filter(({ isAsExpected }) => isAsExpected).length;
  return [
    ...lines,
    ...unproven.map(({ validation, lacks }) => `✘ ${validation} lacks ${lacks}`),
    '',
    `${passed} of ${cases.length} cases as expected; ${unproven.length === 0 ? 'every validation was seen to hold and to fail' : `${unproven.length} validations not shown both ways`}.`,
  ].join('\n');
}

function read(directory: string, path: string): string {
  try {
    return readFileSync(join(directory, path), 'utf8');
  } catch (error) {
    throw new RatchetError(
      'policy/no-file',
      `${path} cannot be read in ${directory}.`,
      'Name the folder that holds policies/ with --directory.',
      { path },
      error,
    );
  }
}
