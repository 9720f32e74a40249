import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { counted } from '#bot/evidence/numbers.ts';
import { ChecksApi } from '#bot/github/checks-api.ts';
import { clientFor } from '#bot/github/client.ts';
import { type AuditTrail, auditTrail } from '#bot/records/audit-trail.ts';
import type { Step } from '#bot/records/step.ts';
import { RatchetError } from '#engine/errors.ts';
import { repositoryNameOf } from './bot/settings.ts';
import { columned } from './columned.ts';
import { openForReading } from './open-mirror.ts';

interface AuditTrailFlags {
  readonly workspace: string;
  readonly repository?: string;
  readonly apiUrl?: string;
  readonly of?: string;
  readonly json?: boolean;
}

const DIGITS = 12;

/** `ratchet audit-trail PR`: who or what did each step of a pull request. */
export function auditTrailCommand(): Command {
  return new Command('audit-trail')
    .description(
      'Say who or what did each step of a pull request, with times and digests, from git, statements and checks alone.',
    )
    .argument('<number>', 'the number of the pull request')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--api-url <url>', 'also ask this API for the check runs; the token comes from RATCHET_API_TOKEN')
    .option('--of <owner/name>', 'the repository there (with --api-url)')
    .option('--json', 'one JSON object, with digests in full')
    .action(async (number: string, flags: AuditTrailFlags) => {
      if (!/^[1-9]\d{0,8}$/.test(number))
        throw new RatchetError('audit-trail/usage', `${number} is no number of a pull request.`, 'Give one like 12.');
      const checksOn = checksAt(flags);
      const trail = await auditTrail(Number(number), await openForReading(flags), checksOn);
      console.log(flags.json === true ? JSON.stringify(trail) : inWords(trail));
      process.exitCode = trail.troubles.length === 0 ? 0 : 1;
    });
}

function checksAt({ apiUrl, of }: AuditTrailFlags) {
  if (apiUrl === undefined) return null;
  const token = process.env.RATCHET_API_TOKEN;
  if (of === undefined || !/^[^/\s]+\/[^/\s]+$/.test(of))
    throw new RatchetError('audit-trail/usage', '--api-url needs to know which repository.', 'Give --of owner/name.');
  if (token === undefined || token === '')
    throw new RatchetError(
      'audit-trail/usage',
      '--api-url needs a token.',
      'Put one that may read checks into RATCHET_API_TOKEN.',
    );
  if (!URL.canParse(apiUrl))
    throw new RatchetError('audit-trail/usage', `--api-url ${apiUrl} is no address.`, 'Give one like https://api.github.com.');
  const api = new ChecksApi(clientFor(apiUrl, { token }), repositoryNameOf({ repository: of }));
  return (commit: string) => api.runsOn(commit);
}

function inWords({ number, head, merged, steps, troubles, checks }: AuditTrail): string {
  const state = merged === null ? 'not merged' : `merged as ${merged.slice(0, DIGITS)}`;
  const rows = steps.map((step) => [timeOf(step), visible(step.who), whatOf(step), digestsOf(step)]);
  return [
    `#${number} at ${head.slice(0, DIGITS)}, ${state}.`,
    '',
    columned(['When (UTC)', 'Who', 'What', 'Digests'], rows),
    '',
    ...(checks === 'not-asked' ? ['Check runs were not asked for: --api-url does.'] : []),
    ...(troubles.length === 0
      ? ['Nothing is missing, and nothing contradicts.']
      : [`${counted(troubles.length, 'trouble')}:`, ...troubles.map((sentence) => `  ✘ ${visible(sentence)}`)]),
  ].join('\n');
}

function timeOf({ at }: Step): string {
  return at === null ? 'unknown' : at.slice(0, 19).replace('T', ' ');
}

function whatOf({ what, trouble }: Step): string {
  return trouble === null ? visible(what) : `✘ ${visible(what)}: ${visible(trouble)}`;
}

function digestsOf({ digests }: Step): string {
  return Object.entries(digests)
    .map(([name, digest]) => `${name} ${digest.replace(/^sha256:/, '').slice(0, DIGITS)}`)
    .join(', ');
}
