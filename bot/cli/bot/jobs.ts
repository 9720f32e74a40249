import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { type QueuedJob, readQueue } from '#bot/github/job-queue.ts';
import { RatchetError } from '#engine/errors.ts';
import { columned } from '../columned.ts';
import { loadBotSettings } from '../config.ts';
import { workspaceAt } from '../up/workspace.ts';

interface JobsFlags {
  workspace?: string;
  json?: boolean;
}

/** As much of an error as stands on a line. */
const ERROR_LENGTH = 120;

/** `ratchet bot jobs`: what the bot has to do, and what it has given up and why. */
export function jobsCommand(): Command {
  return new Command('jobs')
    .description('What the bot has to do, how often it has tried, and what it gave up and why; works while it runs.')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--json', 'one JSON object')
    .action(({ json, ...flags }: JobsFlags) => {
      const { workspace } = loadBotSettings(flags, process.env);
      const path = join(workspaceAt(workspace).bot, 'queue.sqlite');
      if (!existsSync(path)) throw new RatchetError('bot/no-queue', `${workspace} has no queue.`, 'Run ratchet bot serve first.');
      const jobs = readQueue(path);
      console.log(json === true ? JSON.stringify({ jobs }) : describe(jobs));
    });
}

function describe(jobs: readonly QueuedJob[]): string {
  if (jobs.length === 0) return 'Nothing is to be done.';
  const rows = jobs.map(({ id, job, state, attempts, error, dueAt }) => [
    String(id),
    state,
    visible(wordsFor(job)),
    String(attempts),
    state === 'queued' && dueAt > 0 ? new Date(dueAt).toISOString().slice(0, 19) : '',
    visible((error ?? '').slice(0, ERROR_LENGTH)),
  ]);
  return columned(['id', 'state', 'job', 'tries', 'not before', 'last error'], rows, [0, 3]);
}

/** `gates 12`; a comment's text stays where it was written. */
function wordsFor(job: unknown): string {
  const { kind, number } = job as { kind?: unknown; number?: unknown };
  return [kind, number].filter((word) => word !== undefined).join(' ');
}
