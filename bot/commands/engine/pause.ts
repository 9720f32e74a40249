import type { CommentCommand } from '../command.ts';
import { order } from './order.ts';

export const pause: CommentCommand = order('pause', 'paused', {
  summary: 'let nothing new be entered; strategies go on and may exit',
  help: 'No entries from now on. Strategies keep deciding and may close what they hold; stops and targets stay.',
});
