import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where everything of one `ratchet up` lives; removing the folder starts over. */
export interface Workspace {
  readonly root: string;
  readonly candles: string;
  readonly forge: string;
  readonly engine: string;
  readonly bot: string;
  /** The bot's bare mirror of the repository. */
  readonly mirror: string;
  readonly gateKey: string;
  readonly ownerKey: string;
  /** What the workspace trades on, written once. */
  readonly market: string;
  readonly lock: string;
}

export function openWorkspace(dir: string): Workspace {
  const root = resolve(dir);
  const workspace: Workspace = {
    root,
    candles: join(root, 'candles'),
    forge: join(root, 'forge'),
    engine: join(root, 'engine'),
    bot: join(root, 'bot'),
    mirror: join(root, 'bot', 'mirror.git'),
    gateKey: join(root, 'keys', 'gate.pem'),
    ownerKey: join(root, 'keys', 'owner.pem'),
    market: join(root, 'market.json'),
    lock: join(root, 'up.lock'),
  };
  for (const folder of [workspace.root, workspace.candles, workspace.forge, workspace.engine, workspace.bot]) {
    mkdirSync(folder, { recursive: true });
  }
  mkdirSync(join(root, 'keys'), { recursive: true, mode: 0o700 });
  return workspace;
}
