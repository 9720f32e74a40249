import type { CommentCommand } from './command.ts';

export const retest: CommentCommand = {
  name: 'retest',
  usage: '/retest',
  summary: 'run every gate again, against the present tip of main',
  permission: 'work',
  needsPullRequest: true,
  async answer({ number }, room) {
    const settlement = await room.life.prove(number, 'afresh');
    if (settlement === null) return 'This pull request is closed, or does not go into main; there is nothing to prove.';
    const gates = Object.entries(settlement.gates).map(([name, conclusion]) => `| ${name} | ${conclusion} |`);
    return [`${settlement.sentence} Head \`${settlement.head}\`.`, '', '| Gate | Conclusion |', '|---|---|', ...gates].join('\n');
  },
};
