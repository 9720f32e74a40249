import type { CommentCommand } from '../command.ts';
import { order } from './order.ts';

export const pause: CommentCommand = order('pause', 'paused', {
  summary: 'let nothing new be entered; strategies go on and may exit',
  help: 'No entries from now on. Strategies keep deciding and may close what they hold; stops and targets stay.',
});

export const reduce: CommentCommand = order('reduce', 'reducing', {
  summary: 'let nothing new be entered, and close every position at the next bar',
  help: 'No entries from now on, and everything held is closed at the next bar, through the market, with its fees.',
});

export const halt: CommentCommand = order('halt', 'halted', {
  summary: 'stop at once: no entries, waiting entry orders cancelled, until somebody resumes',
  help: 'No entries from now on and waiting entry orders are cancelled at once. Exits, stops and cancels always pass. It stays, over restarts, until somebody says `/resume`.',
});

export const resume: CommentCommand = order('resume', 'active', {
  summary: 'let the engine trade again',
  help: 'Ends a pause, a reduction, a halt, and the breach of a limit. Look at `/positions` and `/risk` first.',
});
