import { join } from 'node:path';
import type { Logger } from '#engine/log.ts';
import type { ActionsRunner } from './actions/dispatch.ts';
import type { ForgeDatabase } from './database/open-database.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { RepositoryRow } from './queries/rows.ts';

/** An app's two keys as PEM text. */
export interface AppKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** What every part of the forge works with. Made once by startForge. */
export interface ForgeContext {
  readonly dir: string;
  readonly database: ForgeDatabase;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Where the keys of a new app come from. */
  readonly newKeys: () => AppKeys;
  readonly log: Logger;
  /** Held while a repository's references move, so that git and the database change in step. */
  readonly locks: KeyedLock;
  /** `http://127.0.0.1:PORT`, without a slash at the end; known once the server listens. */
  readonly url: () => string;
  /** Runs workflows. */
  readonly actions: () => ActionsRunner;
  /** Tells the sender of webhooks that there may be something to send. */
  readonly wakeDeliveries: () => void;
}

export function gitDirOf(forge: ForgeContext, repository: RepositoryRow): string {
  return join(forge.dir, 'repositories', repository.owner, `${repository.name}.git`);
}
