import { Command } from 'commander';
import type { Check } from './doctor/check.ts';
import { look } from './doctor/look.ts';

interface DoctorFlags {
  readonly workspace: string;
  readonly json?: boolean;
}

const SIGNS: Readonly<Record<Check['status'], string>> = { good: '✔', missing: '✘', weak: '!', note: '·' };

/** `ratchet doctor`: what this machine offers Ratchet, what it lacks, and how to mend that. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Look at this machine: what Ratchet needs, which walls of the sandbox hold here. Exits 1 when something it needs is missing.',
    )
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON object')
    .action(async (flags: DoctorFlags) => {
      const checks = await look(flags.workspace);
      const isFit = checks.every(({ status }) => status !== 'missing');
      console.log(flags.json === true ? JSON.stringify({ ok: isFit, checks }) : describeChecks(checks));
      process.exitCode = isFit ? 0 : 1;
    });
}

/** A table: a sign, what was looked at, what was found; what to do about it stands below. */
export function describeChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ status, name, found, mend }) => [
    `${SIGNS[status]} ${name.padEnd(width)}  ${found}`,
    ...(mend === null ? [] : [`  ${' '.repeat(width)}  → ${mend}`]),
  ]);
  return [...lines, '', conclusion(checks)].join('\n');
}

function conclusion(checks: readonly Check[]): string {
  const names = (status: Check['status']) => checks.filter((check) => check.status === status).map(({ name }) => name);
  const lacking = names('missing');
  const weaker = names('weak');
  if (lacking.length > 0) return `Ratchet cannot work here: ${lacking.join(', ')}.`;
  return weaker.length === 0
    ? 'All that Ratchet uses is here.'
    : `Ratchet works here, with less behind it: ${weaker.join(', ')}.`;
}
