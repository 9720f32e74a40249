import type { CommentCommand } from '../command.ts';

export const status: CommentCommand = {
  name: 'status',
  usage: '/status',
  summary: 'say what the engine runs now, and whether it agrees with main',
  help: 'What the engine last published: at which commit it is, which version of each strategy runs, and why not another.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 0,
  lane: 'answers',
  answer: (_invocation, { engine }) => engine.report(),
};
