import type { CommentCommand } from '../command.ts';

export const retest: CommentCommand = {
  name: 'retest',
  usage: '/retest',
  summary: 'run every gate again, against the present tip of main',
  help: 'Writes a description that was edited by hand again, runs every gate on the present head and the present tip of main, and merges where policy lets the bot.',
  permission: 'work',
  needsPullRequest: true,
  wordsMax: 0,
  lane: 'proofs',
  async answer({ number, say }, { life }) {
    await say('The gates run.');
    const settlement = await life.prove(number, 'afresh');
    if (settlement === null) return 'This pull request is closed, or does not go into main; there is nothing to prove.';
    const gates = Object.entries(settlement.gates).map(([name, conclusion]) => `| ${name} | ${conclusion} |`);
    return [`${settlement.sentence} Head \`${settlement.head}\`.`, '', '| Gate | Conclusion |', '|---|---|', ...gates].join('\n');
  },
};
