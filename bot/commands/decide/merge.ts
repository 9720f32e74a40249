import type { CommentCommand } from '../command.ts';
import { deciderOf } from './decider.ts';
import { namedHead } from './named-head.ts';

export const merge: CommentCommand = {
  name: 'merge',
  usage: '/merge SHA',
  summary: 'merge exactly that commit, if every gate has passed',
  help: 'Squashes one head into main, or puts it into main’s merge queue, and removes the branch. What was proven against an older main is proven against the present one first. Nothing is merged that is held, edited by hand, or no longer at that head.',
  permission: 'decide',
  needsPullRequest: true,
  wordsMax: 1,
  lane: 'proofs',
  async answer(invocation, { api, life }) {
    const { number, words, author, say } = invocation;
    const pull = await api.pullRequest(number);
    // A job that runs again after its merge says what came of it.
    const isThisOne = pull.isMerged && words[0] !== undefined && pull.headSha.startsWith(words[0].toLowerCase());
    const head = isThisOne ? pull.headSha : namedHead(pull, words, 'merge');
    await say('The gates are asked whether this head still holds.');
    const merged = await life.merge(number, head, deciderOf(invocation), `Merged by @${author} with /merge.`);
    if (merged.state === 'queued') return merged.sentence;
    return `Merged as ${merged.commit}. The engine takes it up when it has verified the signature; \`/status\` says when it has.`;
  },
};
