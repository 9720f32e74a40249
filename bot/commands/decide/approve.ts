import type { CommentCommand } from '../command.ts';
import { decidedHere } from './decided-here.ts';
import { deciderOf } from './decider.ts';
import { namedHead } from './named-head.ts';

export const approve: CommentCommand = {
  name: 'approve',
  usage: '/approve SHA',
  summary: 'write down that you have read exactly that commit and want it',
  help: 'Records your approval of one head on the state branch, where policies and the merge log read it. It merges nothing, and ends with the next push. GitHub’s own review is something else, and counts where branch protection asks for it.',
  permission: 'decide',
  needsPullRequest: true,
  wordsMax: 1,
  lane: 'answers',
  async answer(invocation, room) {
    const { api, life } = room;
    const { number, words, author } = invocation;
    const before = await decidedHere('approve', invocation, room);
    const head = before?.head ?? namedHead(await api.pullRequest(number), words, 'approve');
    if (before === null) await life.approve(number, head, deciderOf(invocation));
    return `@${author} approves of \`${head}\`. To merge exactly that: \`/merge ${head}\`.`;
  },
};
