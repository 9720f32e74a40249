import type { CommentCommand } from './command.ts';

export const close: CommentCommand = {
  name: 'close',
  usage: '/close',
  summary: 'close this proposal without merging it',
  permission: 'decide',
  needsPullRequest: true,
  async answer({ number, author }, room) {
    const { state, isMerged } = await room.api.pullRequest(number);
    if (state !== 'open') return `This pull request is ${isMerged ? 'merged' : 'closed'} already; nothing was done.`;
    await room.api.closePullRequest(number);
    return `Closed for @${author}. The trials behind it stay in the ledger.`;
  },
};
