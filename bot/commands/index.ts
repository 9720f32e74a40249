import type { CommandHelp } from '#bot/evidence/render-context.ts';
import { close } from './close.ts';
import type { CommentCommand } from './command.ts';
import { merge } from './merge.ts';
import { retest } from './retest.ts';
import { status } from './status.ts';

const help: CommentCommand = {
  name: 'help',
  usage: '/help',
  summary: 'list the commands',
  permission: 'read',
  needsPullRequest: false,
  answer: async () => commandTable(),
};

/** Every command there is, in the order people read them. */
export const COMMANDS: readonly CommentCommand[] = [help, status, retest, merge, close];

export const COMMAND_HELP: readonly CommandHelp[] = COMMANDS.map(({ name, usage, summary }) => ({ name, usage, summary }));

export function commandTable(): string {
  const rows = COMMANDS.map(({ usage, summary, permission }) => `| \`${usage}\` | ${summary} | ${permission} |`);
  return ['| Command | What it does | Class |', '|---|---|---|', ...rows].join('\n');
}
