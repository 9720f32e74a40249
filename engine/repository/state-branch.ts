import { setTimeout as delay } from 'node:timers/promises';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from './repository.ts';
import type { CommitHash, Person } from './types.ts';

/** Ledger, statements, control and status live on this branch, apart from main's history. */
export const stateRef = 'ratchet/state';

const refspec = '+refs/heads/ratchet/*:refs/heads/ratchet/*';
const maxAttempts = 10;

/** The state branch at one commit. */
export interface StateReader {
  /** Null when the branch does not exist yet. */
  readonly commit: CommitHash | null;
  read(path: string): Promise<Uint8Array | null>;
  readText(path: string): Promise<string | null>;
  /** Paths at or under a folder, sorted. */
  list(folder: string): Promise<string[]>;
}

export interface StateBranchOptions {
  readonly repository: Repository;
  readonly author: Person;
  /** Dates the commits. */
  readonly clock: () => number;
}

/** Many writers, no server: every update is a commit pushed with compare-and-swap, made again on the newer commit when another was first. */
export class StateBranch implements StateReader {
  readonly #repository: Repository;
  readonly #author: Person;
  readonly #clock: () => number;
  #commit: CommitHash | null = null;

  private constructor({ repository, author, clock }: StateBranchOptions) {
    this.#repository = repository;
    this.#author = author;
    this.#clock = clock;
  }

  /** As the mirror last saw it; `refresh` asks the remote. */
  static async open(options: StateBranchOptions): Promise<StateBranch> {
    const branch = new StateBranch(options);
    branch.#commit = await options.repository.resolve(stateRef);
    return branch;
  }

  get commit(): CommitHash | null {
    return this.#commit;
  }

  async refresh(): Promise<CommitHash | null> {
    await this.#repository.fetch([refspec]);
    return this.reload();
  }

  /** Takes up what a fetch by someone else has brought into the mirror. */
  async reload(): Promise<CommitHash | null> {
    this.#commit = await this.#repository.resolve(stateRef);
    return this.#commit;
  }

  read(path: string): Promise<Uint8Array | null> {
    return this.#at(this.#commit).read(path);
  }

  readText(path: string): Promise<string | null> {
    return this.#at(this.#commit).readText(path);
  }

  list(folder: string): Promise<string[]> {
    return this.#at(this.#commit).list(folder);
  }

  /** The branch as it stands now, unmoved by later refreshes. */
  snapshot(): StateReader {
    return this.#at(this.#commit);
  }

  /**
   * Fetches, asks `change` what should be different (null removes a path), commits and pushes. Another writer in between
   * means that `change` is asked again on the newer state, at most ten times. No changes, no commit. Gives the branch's commit.
   */
  async update(
    message: string,
    change: (current: StateReader) => Promise<ReadonlyMap<string, Uint8Array | null>> | ReadonlyMap<string, Uint8Array | null>,
  ): Promise<CommitHash | null> {
    for (let attempt = 1; ; attempt += 1) {
      const parent = await this.refresh();
      const changes = await change(this.#at(parent));
      if (changes.size === 0) return parent;
      const date = new Date(this.#clock());
      const commit = await this.#repository.commit({ parent, changes, message, author: this.#author, date });
      try {
        await this.#repository.push(stateRef, commit, { expect: parent });
        this.#commit = commit;
        return commit;
      } catch (error) {
        if (!(error instanceof RatchetError) || error.code !== 'repository/moved' || attempt >= maxAttempts) throw error;
        // Writers that met once would meet again: step apart.
        await delay(Math.random() * 20 * 2 ** Math.min(attempt, 6));
      }
    }
  }

  #at(commit: CommitHash | null): StateReader {
    const repository = this.#repository;
    const read = async (path: string) => (commit === null ? null : repository.readFile(commit, path));
    return {
      commit,
      read,
      readText: async (path) => {
        const bytes = await read(path);
        return bytes === null ? null : Buffer.from(bytes).toString('utf8');
      },
      list: async (folder) =>
        commit === null ? [] : (await repository.listFiles(commit, folder)).map(({ path }) => path).sort(),
    };
  }
}
