import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';
import { quoted } from '../quoted.ts';
import { deciderOf } from './decider.ts';

export const promote: CommentCommand = {
  name: 'promote',
  usage: '/promote STRATEGY STAGE',
  summary: 'open a pull request that changes the stage of a strategy',
  help: `Changes \`stage:\` in the manifest by pull request, to one of ${Stage.options.join(', ')}. The gates and policies judge it like every other change; \`/readiness\` shows what they will ask.`,
  permission: 'decide',
  needsPullRequest: false,
  wordsMax: 2,
  lane: 'answers',
  async answer(invocation, { repository, life }) {
    const [id, stage] = invocation.words;
    if (id === undefined) throw noStage('It names no strategy and no stage.', 'It is `/promote STRATEGY STAGE`.');
    const strategy = await deployedStrategy(repository, await tipOf(repository), id);
    const wanted = stageNamed(stage);
    const { number } = await life.proposeStage({ strategy, stage: wanted, by: deciderOf(invocation) });
    return `#${number} asks for **${wanted}** for ${strategy}.`;
  },
};

function stageNamed(word: string | undefined): Stage {
  const reading = Stage.safeParse(word);
  if (reading.success) return reading.data;
  const remedy = `A stage is one of ${Stage.options.join(', ')}.`;
  throw noStage(word === undefined ? 'It names no stage.' : `${quoted(word)} is no stage.`, remedy);
}

function noStage(message: string, remedy: string): RatchetError {
  return new RatchetError('commands/stage', message, remedy);
}
