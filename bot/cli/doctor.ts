import { Command } from 'commander';
import type { BotSettings } from './bot/settings.ts';
import { loadBotSettings } from './config.ts';
import type { Check } from './doctor/check.ts';
import { look } from './doctor/look.ts';
import { lookAtGithub } from './doctor/look-at-github.ts';

interface DoctorFlags extends Partial<Pick<BotSettings, 'repository' | 'workspace' | 'credentials' | 'apiUrl'>> {
  readonly config?: string;
  readonly json?: boolean;
}

const SIGNS: Readonly<Record<Check['status'], string>> = { good: '✔', missing: '✘', weak: '!', note: '·' };

/** `ratchet doctor`: what this machine offers Ratchet, what it lacks, and how to mend that. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Look at this machine: what Ratchet needs, which walls of the sandbox hold here; with --repository, at that repository on GitHub. Exits 1 when something it needs is missing.',
    )
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option(
      '--repository <owner/name>',
      'look at this repository on GitHub instead: App, rules, policies, keys, candles, workflows',
    )
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--json', 'one JSON object')
    .action(async ({ config, json, ...flags }: DoctorFlags) => {
      const settings = loadBotSettings(flags, process.env, config);
      // A repository in ratchet.yaml does not make a machine's doctor look elsewhere.
      const checks = flags.repository === undefined ? await look(settings.workspace) : await lookAtGithub(settings);
      const isFit = checks.every(({ status }) => status !== 'missing');
      console.log(json === true ? JSON.stringify({ ok: isFit, checks }) : describeChecks(checks));
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
