import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';
import { deciderOf } from './decider.ts';

export const promote: CommentCommand = {
  name: 'promote',
  usage: '/promote STRATEGY STAGE',
  summary: 'open a pull request that changes the stage of a strategy',
  help: `Changes \`stage:\` in the manifest by pull request, to one of ${Stage.options.join(', ')}. The gates and policies judge it like every other change; \`/readiness\` shows what they will ask.`,
  permission: 'decide',
  needsPullRequest: false,
  isSlow: false,
  async answer(invocation, { repository, life }) {
    const [id, stage] = invocation.words;
    const reading = Stage.safeParse(stage);
    if (id === undefined || !reading.success)
      throw new RatchetError(
        'commands/stage',
        'It is /promote STRATEGY STAGE.',
        `A stage is one of ${Stage.options.join(', ')}.`,
      );
    const strategy = await deployedStrategy(repository, await tipOf(repository), id);
    const { number } = await life.proposeStage({ strategy, stage: reading.data, by: deciderOf(invocation) });
    return `#${number} asks for **${reading.data}** for ${strategy}.`;
  },
};
