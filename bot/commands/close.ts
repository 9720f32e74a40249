import type { CommentCommand } from './command.ts';

export const close: CommentCommand = {
  name: 'close',
  usage: '/close',
  summary: 'close this proposal without merging it',
  permission: 'decide',
  needsPullRequest: true,
  async answer({ number, author }, room) {
    await room.api.closePullRequest(number);
    return `Closed for @${author}. The trials behind it stay in the ledger.`;
  },
};
