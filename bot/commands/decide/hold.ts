import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { quoted } from '../quoted.ts';
import { decidedHere } from './decided-here.ts';
import { deciderOf } from './decider.ts';

export const hold: CommentCommand = {
  name: 'hold',
  usage: '/hold [off]',
  summary: 'keep the bot from merging this; `/hold off` lets it go on',
  help: 'A held pull request is proven as before, but merged neither by policy nor by `/merge`. `/hold off` releases it, whoever held it.',
  permission: 'decide',
  needsPullRequest: true,
  wordsMax: 1,
  lane: 'answers',
  async answer(invocation, room) {
    const { life } = room;
    const { number, words, author } = invocation;
    const [word] = words;
    switch (word?.toLowerCase()) {
      case undefined:
        await life.hold(number, deciderOf(invocation));
        return `Held by @${author}. \`/hold off\` releases it.`;
      case 'off':
        if ((await decidedHere('release', invocation, room)) === null) await life.release(number, deciderOf(invocation));
        return `Released by @${author}. Policy or \`/merge\` may merge it again.`;
      default:
        throw new RatchetError(
          'commands/hold',
          `It does not know what to do with ${quoted(word!)}.`,
          'It is either `/hold` or `/hold off`.',
        );
    }
  },
};
