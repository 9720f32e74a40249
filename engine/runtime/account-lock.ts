import { homedir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, type Lock } from './lock.ts';

/**
 * One engine of this user on one venue account and with one key, whatever folder it keeps and whatever the account is called: two would
 * sell the same holding twice.
 * @param key a name of the key that does not tell it
 * @throws RatchetError `engine/locked`, `engine/no-lock`
 */
export function acquireAccountLock(account: string, key: string, now: () => number): Lock {
  const state = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'ratchet');
  const held = acquireLock(join(state, 'accounts', account), now);
  try {
    const own = acquireLock(join(state, 'keys', key), now);
    return {
      release: () => {
        own.release();
        held.release();
      },
    };
  } catch (error) {
    held.release();
    throw error;
  }
}
