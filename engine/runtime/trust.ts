import { KEY_CHANGES_PATH, NO_KEY_CHANGES, parseKeyChanges, whyNotFollowed } from '#engine/attestation/key-changes.ts';
import { KEYS_PATH, keysDigest, PublicKeys, parsePublicKeys, type TrustedKey, trustedKeys } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineProblem } from './status.ts';

const metaKey = 'keys';

export interface Trust {
  readonly keys: readonly TrustedKey[];
  readonly problem: EngineProblem | null;
}

/**
 * Whose signatures count: the keys that stood on main when this engine first looked, kept in its store, and from there on
 * what an owner among them has signed, step by step. Any other change of the file on main is reported and not followed:
 * whoever can write main must not be able to say who vouches for main.
 */
export async function readTrust(store: EngineStore, repository: Repository, commit: CommitHash): Promise<Trust> {
  const onMain = await keysAt(repository, commit);
  const pinned = store.meta(metaKey);
  if (pinned === null) {
    if (onMain instanceof RatchetError)
      return { keys: [], problem: { status: 'Degraded', code: 'no-keys', reason: onMain.message } };
    store.setMeta(metaKey, JSON.stringify(onMain));
    return { keys: trustedKeys(onMain), problem: null };
  }
  const trusted = PublicKeys.parse(JSON.parse(pinned));
  if (onMain instanceof RatchetError) return { keys: trustedKeys(trusted), problem: keysChanged(onMain.message) };
  if (keysDigest(onMain) === keysDigest(trusted)) return { keys: trustedKeys(trusted), problem: null };
  const why = await whyNot(repository, commit, trusted, onMain);
  if (why !== null) return { keys: trustedKeys(trusted), problem: keysChanged(why) };
  store.setMeta(metaKey, JSON.stringify(onMain));
  return { keys: trustedKeys(onMain), problem: null };
}

/** The pinned keys, for a start without the remote; none before the first look at main. */
export function pinnedKeys(store: EngineStore): readonly TrustedKey[] {
  const pinned = store.meta(metaKey);
  return pinned === null ? [] : trustedKeys(PublicKeys.parse(JSON.parse(pinned)));
}

function keysChanged(why: string): EngineProblem {
  const reason = `${KEYS_PATH} on main is not the one this engine trusts, and ${why}; it goes on with the keys it knows`;
  return { status: 'Degraded', code: 'keys-changed', reason };
}

async function whyNot(
  repository: Repository,
  commit: CommitHash,
  trusted: PublicKeys,
  onMain: PublicKeys,
): Promise<string | null> {
  const bytes = await repository.readFile(commit, KEY_CHANGES_PATH);
  try {
    const changes = bytes === null ? NO_KEY_CHANGES : parseKeyChanges(Buffer.from(bytes).toString('utf8'));
    return whyNotFollowed(trusted, onMain, changes);
  } catch (error) {
    if (error instanceof RatchetError) return error.message;
    throw error;
  }
}

async function keysAt(repository: Repository, commit: CommitHash): Promise<PublicKeys | RatchetError> {
  const bytes = await repository.readFile(commit, KEYS_PATH);
  if (bytes === null)
    return new RatchetError('engine/no-keys', `main has no ${KEYS_PATH}, so nothing can be believed`, 'Add it.');
  try {
    return parsePublicKeys(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof RatchetError) return error;
    throw error;
  }
}
