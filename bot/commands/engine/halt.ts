import type { CommentCommand } from '../command.ts';
import { order } from './order.ts';

export const halt: CommentCommand = order('halt', 'halted', {
  summary: 'stop at once: no entries, waiting entry orders cancelled, until somebody resumes',
  help: 'No entries from now on and waiting entry orders are cancelled at once. Exits, stops and cancels always pass. It stays, over restarts, until somebody says `/resume`.',
});
