import { text } from '#bot/evidence/markdown.ts';
import type { CommentCommand } from '../command.ts';
import { nearest } from '../nearest.ts';

/** @param commands all there are, this one among them */
export function helpOver(commands: () => readonly CommentCommand[]): CommentCommand {
  return {
    name: 'help',
    usage: '/help [COMMAND]',
    summary: 'list the commands, or say what one does',
    help: 'A comment is a command when it is one line that begins with a slash and a word, and was not edited.',
    permission: 'read',
    needsPullRequest: false,
    wordsMax: 1,
    lane: 'answers',
    answer: async ({ words: [word] }) =>
      word === undefined ? commandTable(commands()) : helpAbout(word.replace(/^\//, '').toLowerCase(), commands()),
  };
}

export function commandTable(commands: readonly CommentCommand[]): string {
  const rows = commands.map(
    ({ usage, summary, permission }) => `| \`${usage.replaceAll('|', '\\|')}\` | ${summary} | ${permission} |`,
  );
  return ['| Command | What it does | Class |', '|---|---|---|', ...rows].join('\n');
}

function helpAbout(name: string, commands: readonly CommentCommand[]): string {
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const near = nearest(
      name,
      commands.map((one) => one.name),
    );
    return `There is no \`/${text(name)}\`${near === null ? '' : `; did you mean \`/${near}\`?`}\n\n${commandTable(commands)}`;
  }
  const { usage, summary, help: more, permission, permissionMin, needsPullRequest } = command;
  const least = permissionMin === undefined ? '' : ` Less than **${permissionMin}** is never enough.`;
  const place = needsPullRequest ? 'On pull requests only.' : 'Under any issue or pull request.';
  return [
    `\`${usage}\`: ${summary}.`,
    more,
    `${place} Class **${permission}**; policies/autonomy.yaml says which permission that needs.${least}`,
  ].join('\n\n');
}
