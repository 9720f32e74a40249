import { HINT_LENGTH_MAX } from '#bot/evidence/ledger.ts';
import { text } from '#bot/evidence/markdown.ts';
import { isAtLeast } from '#bot/github/permission.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';

export const evolve: CommentCommand = {
  name: 'evolve',
  usage: '/evolve [strategy=ID] [HINT]',
  summary: 'let a night happen now; the hint is written down with it',
  help: 'Runs one nightly cycle at once, with the same canaries, budgets and gates as every other night; it may well end in NO_CHANGE. `strategy=ID` says for which strategy, where main has several. The hint is recorded as what you said, and obeyed by nobody; a model is told of it when you may write here.',
  permission: 'work',
  needsPullRequest: false,
  wordsMax: Number.POSITIVE_INFINITY,
  lane: 'nights',
  async answer({ words, author, permission, commentId, say }, { night, repository }) {
    if (night === null)
      throw new RatchetError(
        'commands/no-night-here',
        'This bot runs no nights.',
        'The nightly workflow does, or `ratchet night`.',
      );
    const named = words.find((word) => word.startsWith('strategy='))?.slice('strategy='.length);
    const hint = words.filter((word) => !word.startsWith('strategy=')).join(' ');
    if (hint.length > HINT_LENGTH_MAX)
      throw new RatchetError('commands/hint', `The hint has ${hint.length} characters.`, `At most ${HINT_LENGTH_MAX}.`);
    const isTold = isAtLeast(permission, 'write');
    const strategy = await deployedStrategy(repository, await tipOf(repository), named);
    const report = await night({
      strategy,
      hint: hint === '' ? null : { by: author, text: hint, isTold },
      askedIn: commentId === null ? null : { comment: commentId },
      say,
    });
    const found = report.pullRequest === null ? '' : ` See #${report.pullRequest.number}.`;
    const untold =
      hint === '' || isTold ? '' : ' The hint is written down; a model is told only of what people say who may write here.';
    return `Night \`${report.cycle}\` for ${strategy}: **${report.decision}**. ${text(report.reason)}${found} ${report.trials} trials were made; \`/thoughts ${report.cycle}\` shows them.${untold}`;
  },
};
