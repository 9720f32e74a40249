/** What the machine under a run offers its jobs. */
export interface RunnerHost {
  /** Variables every process needs to find its programs: PATH, and what leads to registries. No secret of this process. */
  readonly machine: Readonly<Record<string, string>>;
  /** Puts a repository's files at a commit into a folder. `repository` is `owner/name`. */
  checkout(request: { readonly repository: string | null; readonly ref: string; readonly into: string }): Promise<void>;
  /** A token of an installed App, with no more than these permissions. @throws when the key is not the App's */
  appToken(request: {
    readonly appId: string;
    readonly privateKey: string;
    readonly permissions: Readonly<Record<string, string>>;
  }): Promise<string>;
  /** Where caches outlive runs. */
  readonly cacheDir: string;
  /** Calls back when the forge stops; gives a function that forgets it. */
  onStop(stop: () => void): () => void;
}
