import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { issuePersonalToken } from './auth/tokens.ts';
import type { AppKeys, ForgeContext } from './context.ts';
import { insertRow, updateRow } from './database/write-row.ts';
import { enqueue } from './events/emit.ts';
import { createBareRepository } from './git/create-repository.ts';
import { isRefName } from './git/references.ts';
import { presentInstallation, presentInstallationRepositories, presentUserById } from './present/accounts.ts';
import { ProtectionSettings } from './protection/settings.ts';
import { appById, appBySlug, installationById, installationFor, repositoryByName, userByLogin } from './queries/accounts.ts';
import type { AppRow, RepositoryRow, Role, UserRow, UserType } from './queries/rows.ts';

/** What an administrator would do in GitHub's settings. Every act is idempotent: a second start of the same folder finds it done. */
export interface Administration {
  /** Makes the account, or finds it. */
  createUser(options: { login: string; type?: Exclude<UserType, 'Bot'> }): UserRow;
  /** A new personal access token; it cannot be read again. */
  createToken(login: string): string;
  /** Makes the bare repository, or finds it. Public by default: whoever reaches the port may read. */
  createRepository(options: NewRepository): RepositoryRow;
  setPermission(owner: string, repository: string, login: string, role: Role): void;
  /** The same slug is the same app with the same key; what else is given is brought up to date. */
  registerApp(options: NewApp): RegisteredApp;
  installApp(appId: number, owner: string, repository: string): { installationId: number };
  /** What the jobs of workflows are told; secrets by environment, the repository's own under the empty name. */
  configureActions(
    owner: string,
    repository: string,
    settings: {
      variables: Readonly<Record<string, string>>;
      secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
    },
  ): void;
  /** Classic protection of a branch, which need not exist yet. */
  protectBranch(owner: string, repository: string, branch: string, rules: BranchProtection): void;
}

export interface NewRepository {
  owner: string;
  name: string;
  defaultBranch: string;
  visibility?: 'public' | 'private';
  description?: string;
}

export interface NewApp {
  slug: string;
  name: string;
  /** The account the app belongs to; by default the first account made. */
  owner?: string;
  permissions: Readonly<Record<string, 'read' | 'write'>>;
  events: readonly string[];
  webhookUrl: string;
  webhookSecret: string;
  /** Where whoever installs it is sent afterwards. */
  setupUrl?: string;
}

export interface RegisteredApp {
  appId: number;
  slug: string;
  /** The name it comments and commits under: `slug[bot]`. */
  login: string;
  privateKeyPem: string;
}

export interface BranchProtection {
  requiredChecks: ReadonlyArray<{ context: string; appId?: number }>;
  /** The head must contain the newest base. */
  strict?: boolean;
  enforceAdmins: boolean;
  /** Changes come by pull request, with this many approvals; absent: pushes are allowed when the checks pass. */
  requiredApprovals?: number;
}

export function createAdministration(forge: ForgeContext): Administration {
  return {
    createUser: ({ login, type = 'User' }) => ensureUser(forge, login, type),
    createToken: (login) => issuePersonalToken(forge, userNamed(forge, login).id),
    createRepository: (options) => createRepository(forge, options),
    setPermission: (owner, name, login, role) =>
      setPermission(forge, repositoryNamed(forge, owner, name), userNamed(forge, login), role),
    registerApp: (options) => registerApp(forge, options),
    installApp: (appId, owner, name) => installApp(forge, appId, repositoryNamed(forge, owner, name)),
    configureActions: (owner, name, { variables, secrets }) => {
      forge.database
        .prepare(
          'INSERT INTO actions_settings (repository_id, variables, secrets) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET variables = excluded.variables, secrets = excluded.secrets',
        )
        .run(repositoryNamed(forge, owner, name).id, JSON.stringify(variables), JSON.stringify(secrets));
    },
    protectBranch: (owner, name, branch, rules) => protectBranch(forge, repositoryNamed(forge, owner, name), branch, rules),
  };
}

const loginForm = /^[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}$/;
const nameForm = /^(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/;

export function ensureUser(forge: ForgeContext, login: string, type: UserType): UserRow {
  const found = userByLogin(forge.database, login);
  if (found !== undefined) return found;
  if (!loginForm.test(login.replace(/\[bot\]$/, ''))) {
    throw new RatchetError(
      'forge/bad-login',
      `"${login}" cannot be a login.`,
      'Use letters, digits and single hyphens, at most 39.',
    );
  }
  // The pages and the API live beside the accounts: an account of that name could not be reached.
  if (['api', 'avatars', 'apps', 'settings', 'login'].includes(login.toLowerCase())) {
    throw new RatchetError('forge/reserved-login', `"${login}" is an address of the forge itself.`, 'Choose another login.');
  }
  insertRow(forge.database, 'users', { login, type, created_at: forge.clock() });
  return userByLogin(forge.database, login)!;
}

function userNamed(forge: ForgeContext, login: string): UserRow {
  const user = userByLogin(forge.database, login);
  if (user === undefined) throw new RatchetError('forge/no-user', `There is no account "${login}".`, 'Create it first.');
  return user;
}

function repositoryNamed(forge: ForgeContext, owner: string, name: string): RepositoryRow {
  const repository = repositoryByName(forge.database, owner, name);
  if (repository === undefined)
    throw new RatchetError('forge/no-repository', `There is no repository ${owner}/${name}.`, 'Create it first.');
  return repository;
}

function createRepository(forge: ForgeContext, options: NewRepository): RepositoryRow {
  if (!nameForm.test(options.name)) {
    throw new RatchetError(
      'forge/bad-name',
      `"${options.name}" cannot be a repository's name.`,
      'Use letters, digits, ".", "_" and "-".',
    );
  }
  if (!isRefName(`refs/heads/${options.defaultBranch}`)) {
    throw new RatchetError(
      'forge/bad-branch',
      `"${options.defaultBranch}" cannot be a branch's name.`,
      'Use a name git accepts, such as main.',
    );
  }
  const owner = userNamed(forge, options.owner);
  const found = repositoryByName(forge.database, owner.login, options.name);
  if (found !== undefined) return found;
  // Git first: a folder without a row is finished by the next try, a row without a folder would answer wrongly.
  createBareRepository(join(forge.dir, 'repositories', owner.login, `${options.name}.git`), options.defaultBranch);
  const now = forge.clock();
  insertRow(forge.database, 'repositories', {
    owner_id: owner.id,
    name: options.name,
    default_branch: options.defaultBranch,
    visibility: options.visibility ?? 'public',
    description: options.description ?? null,
    created_at: now,
    updated_at: now,
    pushed_at: now,
  });
  return repositoryByName(forge.database, owner.login, options.name)!;
}

function setPermission(forge: ForgeContext, repository: RepositoryRow, user: UserRow, role: Role): void {
  forge.database
    .prepare(
      'INSERT INTO collaborators (repository_id, user_id, role) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET role = excluded.role',
    )
    .run(repository.id, user.id, role);
}

export function registerApp(forge: ForgeContext, options: NewApp): RegisteredApp {
  if (options.webhookSecret === '') {
    throw new RatchetError('forge/no-secret', 'An app needs a webhook secret.', 'Give one that only the forge and the app know.');
  }
  const keyFile = join(forge.dir, 'apps', `${options.slug}.private-key.pem`);
  const found = appBySlug(forge.database, options.slug);
  const app = found === undefined ? createApp(forge, options, keyFile) : updateApp(forge, found, options);
  return { appId: app.id, slug: app.slug, login: `${app.slug}[bot]`, privateKeyPem: readFileSync(keyFile, 'utf8') };
}

/** Keys as GitHub gives them to an app: RSA of 2048 bits. */
export function randomKeys(): AppKeys {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function createApp(forge: ForgeContext, options: NewApp, keyFile: string): AppRow {
  if (!loginForm.test(options.slug)) {
    throw new RatchetError(
      'forge/bad-slug',
      `"${options.slug}" cannot be an app's slug.`,
      'Use letters, digits and single hyphens.',
    );
  }
  const owner = options.owner === undefined ? firstUser(forge) : userNamed(forge, options.owner);
  const { publicKey, privateKey } = forge.newKeys();
  // The key is in place before the row that needs it; a key without a row is replaced by the next try.
  mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
  writeFileSync(`${keyFile}.new`, privateKey, { mode: 0o600 });
  renameSync(`${keyFile}.new`, keyFile);
  const now = forge.clock();
  const id = forge.database.transaction(() =>
    insertRow(forge.database, 'apps', {
      slug: options.slug,
      owner_id: owner.id,
      bot_user_id: ensureUser(forge, `${options.slug}[bot]`, 'Bot').id,
      public_key: publicKey,
      ...appColumns(options),
      created_at: now,
      updated_at: now,
    }),
  )();
  return appById(forge.database, id)!;
}

function updateApp(forge: ForgeContext, app: AppRow, options: NewApp): AppRow {
  if (!existsSync(join(forge.dir, 'apps', `${app.slug}.private-key.pem`))) {
    throw new RatchetError(
      'forge/no-key',
      `The private key of the app ${app.slug} is gone.`,
      `Put ${app.slug}.private-key.pem back under apps/.`,
    );
  }
  const columns = appColumns(options);
  const changed = Object.entries(columns).some(([name, value]) => app[name as keyof AppRow] !== value);
  if (!changed) return app;
  forge.database.transaction(() => {
    const now = forge.clock();
    updateRow(forge.database, 'apps', 'id', app.id, { ...columns, updated_at: now });
    // What could not be sent to the old address is tried at the new one at once.
    forge.database
      .prepare("UPDATE deliveries SET next_attempt_at = ?, attempts = 0 WHERE app_id = ? AND state = 'pending'")
      .run(now, app.id);
  })();
  forge.wakeDeliveries();
  return appById(forge.database, app.id)!;
}

function appColumns(options: NewApp) {
  return {
    name: options.name,
    permissions: JSON.stringify({ metadata: 'read', ...options.permissions }),
    events: JSON.stringify(options.events),
    webhook_url: options.webhookUrl,
    webhook_secret: options.webhookSecret,
    setup_url: options.setupUrl ?? null,
  };
}

function firstUser(forge: ForgeContext): UserRow {
  const user = forge.database.prepare<[], UserRow>("SELECT * FROM users WHERE type <> 'Bot' ORDER BY id LIMIT 1").get();
  if (user === undefined)
    throw new RatchetError('forge/no-user', 'There is no account an app could belong to.', 'Create one first.');
  return user;
}

export function installApp(forge: ForgeContext, appId: number, repository: RepositoryRow): { installationId: number } {
  const app = appById(forge.database, appId);
  if (app === undefined) throw new RatchetError('forge/no-app', `There is no app ${appId}.`, 'Register it first.');
  const found = installationFor(forge.database, appId, repository.id);
  if (found !== undefined) return { installationId: found.id };
  return forge.database.transaction(() => {
    const now = forge.clock();
    const existing = forge.database
      .prepare<[number, number], { id: number }>('SELECT id FROM installations WHERE app_id = ? AND account_id = ?')
      .get(appId, repository.owner_id);
    const id =
      existing?.id ??
      insertRow(forge.database, 'installations', {
        app_id: appId,
        account_id: repository.owner_id,
        created_at: now,
        updated_at: now,
      });
    insertRow(forge.database, 'installation_repositories', { installation_id: id, repository_id: repository.id });
    if (existing === undefined) tellInstallation(forge, app, id, repository.owner_id);
    return { installationId: id };
  })();
}

function tellInstallation(forge: ForgeContext, app: AppRow, installationId: number, accountId: number): void {
  const installation = installationById(forge.database, installationId)!;
  enqueue(forge, {
    appId: app.id,
    installationId,
    repositoryId: null,
    event: 'installation',
    action: 'created',
    payload: {
      action: 'created',
      installation: presentInstallation(forge, installation, app),
      repositories: presentInstallationRepositories(forge, installation),
      requester: null,
      sender: presentUserById(forge, accountId),
    },
  });
}

function protectBranch(forge: ForgeContext, repository: RepositoryRow, branch: string, rules: BranchProtection): void {
  const settings = ProtectionSettings.parse({
    required_status_checks:
      rules.requiredChecks.length === 0
        ? null
        : {
            strict: rules.strict ?? false,
            contexts: rules.requiredChecks.map((check) => check.context),
            checks: rules.requiredChecks.map((check) => ({ context: check.context, app_id: check.appId ?? null })),
          },
    enforce_admins: rules.enforceAdmins,
    required_pull_request_reviews:
      rules.requiredApprovals === undefined ? null : { required_approving_review_count: rules.requiredApprovals },
    restrictions: null,
  });
  forge.database
    .prepare(
      'INSERT INTO protections (repository_id, branch, settings) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET settings = excluded.settings',
    )
    .run(repository.id, branch, JSON.stringify(settings));
}
