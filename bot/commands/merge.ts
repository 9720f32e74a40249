import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from './command.ts';

/** Short names of commits are fine to read and wrong to decide by. */
const SHA_LENGTH_MIN = 12;

export const merge: CommentCommand = {
  name: 'merge',
  usage: '/merge SHA',
  summary: 'merge exactly that commit, if every gate has passed',
  permission: 'decide',
  needsPullRequest: true,
  async answer({ number, author, words }, room) {
    const [sha] = words;
    const { headSha, state } = await room.api.pullRequest(number);
    if (state !== 'open') return 'This pull request is closed already; nothing was done.';
    if (sha === undefined || sha.length < SHA_LENGTH_MIN || !headSha.startsWith(sha.toLowerCase())) {
      return `Name the commit you have read, so that nothing newer slips in: \`/merge ${headSha}\`. Nothing was done.`;
    }
    try {
      const mergeCommit = await room.life.merge(number, headSha, `Merged by @${author} with /merge.`);
      return `Merged as ${mergeCommit}. The engine takes it up when it has verified the signature.`;
    } catch (error) {
      if (error instanceof RatchetError) return `${error.message} ${error.remedy}`;
      throw error;
    }
  },
};
