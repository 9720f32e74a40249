import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';

/**
 * Whose rules a change is held to. `repair` is the bot's too: what it brings to mend dependencies of main. It may touch other files than
 * a proposal, and fewer; neither may touch the other's.
 */
export const AuthorClass = z.enum(['bot', 'person', 'repair']);
export type AuthorClass = z.infer<typeof AuthorClass>;

/** Branches on which the bot brings repairs; nothing else of the bot's stands there. */
export const REPAIR_BRANCHES = 'repair/';

/** Whose rules hold for a pull request of the bot's own, by the branch it was made on. */
export function classOfBots(headRef: string): Exclude<AuthorClass, 'person'> {
  return headRef.startsWith(REPAIR_BRANCHES) ? 'repair' : 'bot';
}

/** @throws RatchetError `gates/usage` */
export function authorClass(text: string): AuthorClass {
  const parsed = AuthorClass.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new RatchetError('gates/usage', `--author ${text} is none of bot, person and repair.`, 'Give one of the three.');
}
