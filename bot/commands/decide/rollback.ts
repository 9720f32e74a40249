import type { CommentCommand } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';
import { deciderOf } from './decider.ts';

export const rollback: CommentCommand = {
  name: 'rollback',
  usage: '/rollback STRATEGY [VERSION]',
  summary: 'open a pull request that brings back an earlier version',
  help: 'VERSION is a tree or a commit as `/strategy` lists them; left out, the version before the running one. A tree that ran on main before needs no new evidence. To stop trading at once, use `/halt` first.',
  permission: 'decide',
  needsPullRequest: false,
  wordsMax: 2,
  lane: 'answers',
  async answer(invocation, { repository, life }) {
    const [name, version] = invocation.words;
    const strategy = await deployedStrategy(repository, await tipOf(repository), name);
    const by = deciderOf(invocation);
    const why = `@${invocation.author} asked for it with /rollback.`;
    const { number } = await life.proposeRollBack({ strategy, version: version ?? null, by, why });
    return `#${number} brings back an earlier version of ${strategy}.`;
  },
};
