import { existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createKeyPair, type KeyPair, savePrivateKey } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';

/**
 * Makes a key pair, writes the private half for its owner alone, and hands it to `use`; when that fails the file goes again.
 * @throws RatchetError `keys/in-repository`, `keys/exists` or `keys/not-written`
 */
export async function withNewKey<T>(path: string, use: (pair: KeyPair) => Promise<T>): Promise<T> {
  const full = resolve(path);
  const repository = repositoryAround(dirname(full));
  if (repository !== null) {
    throw new RatchetError(
      'keys/in-repository',
      `${path} would stand inside the repository ${repository}.`,
      'Give --out a place outside, so that no commit can carry a private key away.',
      { path },
    );
  }
  const pair = createKeyPair();
  try {
    await savePrivateKey(full, pair);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new RatchetError(
      isThere ? 'keys/exists' : 'keys/not-written',
      isThere ? `${path} exists already.` : `${path} cannot be written.`,
      'Give --out a new file in a folder that exists; nothing was changed.',
      { path },
      error,
    );
  }
  try {
    return await use(pair);
  } catch (error) {
    rmSync(full);
    throw error;
  }
}

/** The work tree or bare repository a folder lies in. A workspace's own folder of keys is kept out of git by its maker. */
function repositoryAround(folder: string): string | null {
  if (!existsSync(folder)) return null;
  let place = realpathSync(folder);
  if (existsSync(join(dirname(place), 'market.json')) && place.endsWith('/keys')) return null;
  for (;;) {
    const isBare = ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(place, name)));
    if (isBare || existsSync(join(place, '.git'))) return place;
    const above = dirname(place);
    if (above === place) return null;
    place = above;
  }
}
