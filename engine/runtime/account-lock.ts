import { homedir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, type Lock } from './lock.ts';

/**
 * One engine of this user on one venue account, whatever folder it keeps: two would sell the same holding twice.
 * @throws RatchetError `engine/locked`, `engine/no-lock`
 */
export function acquireAccountLock(account: string, now: () => number): Lock {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return acquireLock(join(state, 'ratchet', 'accounts', account), now);
}
