import type { CommitHash, LoggedVersion, Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';

/** What the records are read from. */
export interface Sources {
  readonly repository: Repository;
  readonly state: StateReader;
}

/** One version of a file on the state branch, with the commit that brought it. */
export interface Arrival {
  readonly commit: CommitHash;
  /** UTC milliseconds. */
  readonly at: number;
  /** Who wrote that commit. */
  readonly by: string;
  /** Null when the commit took the file away. */
  readonly text: string | null;
}

/** Every version a file on the state branch has had, oldest first. */
export async function arrivalsOf(path: string, { repository, state }: Sources): Promise<readonly Arrival[]> {
  if (state.commit === null) return [];
  const versions = await repository.history(state.commit, path);
  const blobs = versions.flatMap(({ blob }) => blob ?? []);
  const contents = new Map((await repository.readBlobs(blobs)).map((bytes, index) => [blobs[index]!, bytes]));
  return versions.map((version) => arrival(version, version.blob === null ? null : contents.get(version.blob)!));
}

function arrival({ commit, committedAt, author }: LoggedVersion, bytes: Uint8Array | null): Arrival {
  return { commit, at: committedAt, by: author.name, text: bytes === null ? null : Buffer.from(bytes).toString('utf8') };
}
