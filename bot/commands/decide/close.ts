import type { CommentCommand } from '../command.ts';
import { decidedHere } from './decided-here.ts';
import { deciderOf } from './decider.ts';

export const close: CommentCommand = {
  name: 'close',
  usage: '/close',
  summary: 'close this proposal without merging it',
  help: 'Closes the pull request. The trials behind it stay in the ledger, and its branch stays until its term is over.',
  permission: 'decide',
  needsPullRequest: true,
  wordsMax: 0,
  lane: 'answers',
  async answer(invocation, room) {
    const { api, life } = room;
    const { number, author } = invocation;
    const { state, isMerged } = await api.pullRequest(number);
    const closed = `Closed for @${author}. The trials behind it stay in the ledger.`;
    if (state !== 'open') {
      if (!isMerged && (await decidedHere('close', invocation, room)) !== null) return closed;
      return `This pull request is ${isMerged ? 'merged' : 'closed'} already; nothing was done.`;
    }
    await life.close(number, deciderOf(invocation));
    return closed;
  },
};
