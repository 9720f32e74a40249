import { keysDigest, PublicKeys, parsePublicKeys, type TrustedKey, trustedKeys } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineProblem } from './status.ts';

const keysPath = 'policies/keys.yaml';
const metaKey = 'keys';

export interface Trust {
  readonly keys: readonly TrustedKey[];
  readonly problem: EngineProblem | null;
}

/**
 * Whose signatures count: the keys that stood on main when this engine first looked, kept in its store ever since. A change
 * of the file on main is reported and not followed: whoever can write main must not be able to say who vouches for main.
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
  const isSame = !(onMain instanceof RatchetError) && keysDigest(onMain) === keysDigest(trusted);
  return { keys: trustedKeys(trusted), problem: isSame ? null : keysChanged };
}

/** The pinned keys, for a start without the remote; none before the first look at main. */
export function pinnedKeys(store: EngineStore): readonly TrustedKey[] {
  const pinned = store.meta(metaKey);
  return pinned === null ? [] : trustedKeys(PublicKeys.parse(JSON.parse(pinned)));
}

const keysChanged: EngineProblem = {
  status: 'Degraded',
  code: 'keys-changed',
  reason: `${keysPath} on main is not the one this engine trusts; it goes on with the keys it knows`,
};

async function keysAt(repository: Repository, commit: CommitHash): Promise<PublicKeys | RatchetError> {
  const bytes = await repository.readFile(commit, keysPath);
  if (bytes === null) return new RatchetError('engine/no-keys', `main has no ${keysPath}, so nothing can be believed`, 'Add it.');
  try {
    return parsePublicKeys(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof RatchetError) return error;
    throw error;
  }
}
