import type { CommentCommand } from '../command.ts';
import { order } from './order.ts';

export const reduce: CommentCommand = order('reduce', 'reducing', {
  summary: 'let nothing new be entered, and close every position at the next bar',
  help: 'No entries from now on, and everything held is closed at the next bar, through the market, with its fees.',
});
