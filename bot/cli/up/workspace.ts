import { join, resolve } from 'node:path';
import type { RepositoryName } from '#bot/github/app.ts';

/** The local owner and the one repository of a workspace. */
export const OWNER = 'you';
export const REPOSITORY: RepositoryName = { owner: OWNER, name: 'strategies' };

/** Where everything of one `ratchet up` lives; removing the folder starts over. */
export interface Workspace {
  readonly root: string;
  readonly candles: string;
  readonly forge: string;
  readonly engine: string;
  readonly bot: string;
  /** What nights have done so far, a worktree each. */
  readonly worktrees: string;
  /** The bot's bare mirror of the repository. */
  readonly mirror: string;
  readonly gateKey: string;
  readonly ownerKey: string;
  /** What the workspace trades on, written once. */
  readonly market: string;
  /** The embedded forge's own bare repository: the truth, for commands that read. */
  readonly repository: string;
}

/** Where things stand in a workspace; makes nothing. */
export function workspaceAt(dir: string): Workspace {
  const root = resolve(dir);
  return {
    root,
    candles: join(root, 'candles'),
    forge: join(root, 'forge'),
    engine: join(root, 'engine'),
    bot: join(root, 'bot'),
    worktrees: join(root, 'night', 'worktrees'),
    mirror: join(root, 'bot', 'mirror.git'),
    gateKey: join(root, 'keys', 'gate.pem'),
    ownerKey: join(root, 'keys', 'owner.pem'),
    market: join(root, 'market.json'),
    repository: join(root, 'forge', 'repositories', OWNER, `${REPOSITORY.name}.git`),
  };
}
