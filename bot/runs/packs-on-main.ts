import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { BlobHash } from '#engine/repository/types.ts';

/** Every pack that was ever on main, once, the oldest first, by git's name of its bytes; null for one of another form than today's. */
export async function packsOnMain(repository: Repository): Promise<ReadonlyMap<BlobHash, Pack | null>> {
  const packs = new Map<BlobHash, Pack | null>();
  for (const blob of await packBlobsOnMain(repository)) packs.set(blob, await packIn(repository, blob));
  return packs;
}

/** Their names alone, in the same order. */
export async function packBlobsOnMain(repository: Repository): Promise<readonly BlobHash[]> {
  const tip = await repository.resolve('main');
  const blobs = new Set<BlobHash>();
  for (const { commit } of tip === null ? [] : await repository.firstParentLog(null, tip)) {
    for (const { path, blob } of await repository.listFiles(commit, 'strategies'))
      if (path.endsWith(`/${PACK_PATH}`)) blobs.add(blob);
  }
  return [...blobs];
}

export async function packIn(repository: Repository, blob: BlobHash): Promise<Pack | null> {
  const [bytes] = await repository.readBlobs([blob]);
  return parsePack(Buffer.from(bytes!).toString('utf8'));
}

/** Null for what is no pack of today's form. */
export function parsePack(text: string): Pack | null {
  try {
    return Pack.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // No JSON is one more form that is not today's; the caller counts it, or tells without it.
    return null;
  }
}
