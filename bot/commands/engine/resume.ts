import type { CommentCommand } from '../command.ts';
import { order } from './order.ts';

export const resume: CommentCommand = order('resume', 'active', {
  summary: 'let the engine trade again',
  help: 'Ends a pause, a reduction, a halt, and the breach of a limit. Look at `/positions` and `/risk` first.',
});
