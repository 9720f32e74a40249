declare const commit: unique symbol;
declare const tree: unique symbol;
declare const blob: unique symbol;

/** 40 (or 64) hexadecimal digits naming a commit. Only git, or `commitHash`, makes one. */
export type CommitHash = string & { readonly [commit]: true };
/** Names a folder's whole content, names and modes included. */
export type TreeHash = string & { readonly [tree]: true };
export type BlobHash = string & { readonly [blob]: true };

export interface ListedFile {
  readonly path: string;
  /** `100644`, `100755`, `120000` (a link) or `160000` (a submodule). */
  readonly mode: string;
  /** Bytes; null for a submodule, which has no content here. */
  readonly size: number | null;
  readonly blob: BlobHash;
}

export interface ChangedFile {
  readonly path: string;
  /** Set when `status` is `renamed` or `copied`. */
  readonly previousPath?: string;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'type-changed';
  /** The mode at head; the mode at base when deleted. */
  readonly mode: string;
  readonly isBinary: boolean;
  readonly isSymlink: boolean;
  /** Lines; 0 for binary files. */
  readonly additions: number;
  readonly deletions: number;
  /** Bytes at head; 0 when deleted. */
  readonly size: number;
}

export interface LoggedCommit {
  readonly commit: CommitHash;
  readonly parents: readonly CommitHash[];
  readonly author: Person;
  /** UTC milliseconds, whole seconds. */
  readonly committedAt: number;
  readonly message: string;
}

/** A commit that changed a file. */
export interface LoggedVersion extends LoggedCommit {
  /** The file as this commit has it; null when it took it away. */
  readonly blob: BlobHash | null;
}

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface NewCommit {
  /** Null starts a history of its own. */
  readonly parent: CommitHash | null;
  /** Content by path; null removes the path. Every other path stays as the parent has it. */
  readonly changes: ReadonlyMap<string, Uint8Array | null>;
  readonly message: string;
  /** Author and committer alike. */
  readonly author: Person;
  /** Cut to whole seconds, UTC: the same inputs give the same commit everywhere. */
  readonly date: Date;
}
