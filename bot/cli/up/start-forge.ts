import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Forge, startForge } from '#bot/forge/forge.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { AppIdentity } from '#bot/github/app.ts';
import { APP_EVENTS } from '#bot/github/app-manifest.ts';
import type { Logger } from '#engine/log.ts';
import type { Config } from '../config.ts';
import { OWNER, REPOSITORY, type Workspace } from './workspace.ts';

/** The engine's account: it reads main and writes the state branch, nothing else. */
const ENGINE_LOGIN = 'ratchet-engine';

export interface LocalForge {
  readonly forge: Forge;
  readonly remoteUrl: string;
  readonly ownerToken: string;
  readonly engineToken: string;
  readonly identity: AppIdentity;
  /** Tells the forge where the bot listens. */
  connect(webhookUrl: string): void;
  /** Requires the bot's own final gate before anything reaches main. The owner may still push, as on GitHub. */
  protect(): void;
}

/** Starts the forge and does what an administrator does once in GitHub's settings; a second start finds it done. */
export async function startLocalForge(
  workspace: Workspace,
  { port, people }: Pick<Config, 'port' | 'people'>,
  log: Logger,
): Promise<LocalForge> {
  const forge = await startForge({ dir: workspace.forge, host: '127.0.0.1', port, log });
  const { owner, name } = REPOSITORY;
  forge.createUser({ login: OWNER });
  forge.createUser({ login: ENGINE_LOGIN });
  forge.createRepository({ owner, name, defaultBranch: 'main' });
  forge.setPermission(owner, name, ENGINE_LOGIN, 'write');
  for (const [login, permission] of Object.entries(people)) {
    forge.createUser({ login });
    forge.setPermission(owner, name, login, permission);
  }
  const key = (name: string): string => join(workspace.root, 'keys', name);
  const webhookSecret = kept(key('webhook-secret'), () => randomBytes(32).toString('hex'));
  const register = (webhookUrl: string) =>
    forge.registerApp({
      slug: 'ratchet',
      name: 'Ratchet',
      permissions: {
        contents: 'write',
        pull_requests: 'write',
        issues: 'write',
        checks: 'write',
        statuses: 'write',
        deployments: 'write',
        metadata: 'read',
      },
      // The embedded forge has no merge queue.
      events: APP_EVENTS.filter((event) => event !== 'merge_group'),
      webhookUrl,
      webhookSecret,
    });
  const app = register('http://127.0.0.1:9/webhooks');
  forge.installApp(app.appId, owner, name);
  return {
    forge,
    remoteUrl: `${forge.url}/${owner}/${name}.git`,
    ownerToken: kept(key('owner-token'), () => forge.createToken(OWNER)),
    engineToken: kept(key('engine-token'), () => forge.createToken(ENGINE_LOGIN)),
    identity: { apiUrl: `${forge.url}/api/v3`, appId: app.appId, privateKey: app.privateKeyPem, webhookSecret },
    connect: (webhookUrl) => {
      register(webhookUrl);
    },
    protect: () =>
      forge.protectBranch(owner, name, 'main', {
        requiredChecks: [{ context: FINAL_GATE, appId: app.appId }],
        enforceAdmins: false,
      }),
  };
}

/** A secret made once and kept in a file that its owner alone can read. */
function kept(path: string, make: () => string): string {
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8');
}
