import type { CommentCommand } from '../command.ts';

export const rebase: CommentCommand = {
  name: 'rebase',
  usage: '/rebase',
  summary: "make the bot's commit again on the present main, with evidence that holds there",
  help: 'Only for proposals on whose branch nothing but the bot’s own commit stands: a person’s commit is never rewritten. What the evidence was measured against may have changed; then it is made again. The gates run afterwards by themselves.',
  permission: 'work',
  needsPullRequest: true,
  wordsMax: 0,
  lane: 'proofs',
  async answer({ number, say }, { life }) {
    await say('The proposal is made again on the present main.');
    const { from, to, sentence } = await life.rebase(number);
    return `Rebased: \`${from.slice(0, 12)}\` → \`${to}\`. ${sentence} The gates look at it next.`;
  },
};
