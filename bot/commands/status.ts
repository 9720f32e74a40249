import type { CommentCommand } from './command.ts';

export const status: CommentCommand = {
  name: 'status',
  usage: '/status',
  summary: 'say what the engine runs now, and whether it agrees with main',
  permission: 'read',
  needsPullRequest: false,
  answer: (_invocation, room) => room.engineReport(),
};
