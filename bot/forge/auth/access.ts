import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, requiresAuthentication } from '#bot/forge/http/api-error.ts';
import type { ForgeRequest } from '#bot/forge/http/request.ts';
import { installationFor, roleOf } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow, Role, UserRow } from '#bot/forge/queries/rows.ts';
import type { Actor, Author, Level } from './actor.ts';

const ranks: Readonly<Record<Role, number>> = { read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

export function isAtLeast(role: Role | null, least: Role): boolean {
  return role !== null && ranks[role] >= ranks[least];
}

/** The role a user acts with: what was given, or `read` where everyone may read. */
export function effectiveRole(forge: ForgeContext, repository: RepositoryRow, user: UserRow): Role | null {
  return roleOf(forge.database, repository, user.id) ?? (repository.visibility === 'public' ? 'read' : null);
}

function installed(forge: ForgeContext, actor: Extract<Actor, { kind: 'installation' }>, repository: RepositoryRow): boolean {
  if (actor.repositoryIds !== null && !actor.repositoryIds.includes(repository.id)) return false;
  return installationFor(forge.database, actor.app.id, repository.id)?.id === actor.installation.id;
}

/** Whether the repository exists at all for this actor; if not, GitHub says 404, not 403. */
export function canSee(forge: ForgeContext, actor: Actor, repository: RepositoryRow): boolean {
  if (repository.visibility === 'public') return true;
  switch (actor.kind) {
    case 'anonymous':
      return false;
    case 'user':
      return effectiveRole(forge, repository, actor.user) !== null;
    case 'installation':
      return installed(forge, actor, repository);
    case 'app':
      return installationFor(forge.database, actor.app.id, repository.id) !== undefined;
  }
}

/** What an app calls a permission, and the role a person needs to do the same. */
export interface Need {
  /** Any one of these app permissions will do (issues and pull requests share comments and labels). */
  permissions: readonly string[];
  level: Level;
  role: Role;
}

export function holds(forge: ForgeContext, actor: Actor, repository: RepositoryRow, need: Need): boolean {
  switch (actor.kind) {
    case 'anonymous':
      return need.level === 'read' && repository.visibility === 'public';
    case 'user':
      return isAtLeast(effectiveRole(forge, repository, actor.user), need.role);
    case 'installation': {
      if (!installed(forge, actor, repository)) return need.level === 'read' && repository.visibility === 'public';
      const granted = need.permissions.map((permission) => actor.permissions[permission]);
      return granted.some((level) => level === 'write' || level === 'admin' || (level === 'read' && need.level === 'read'));
    }
    case 'app':
      return false;
  }
}

/** Throws 401 or 403 in GitHub's words when the asker may not. */
export function demand(c: ForgeRequest, need: Need): void {
  const actor = c.get('actor');
  if (holds(c.get('forge'), actor, c.get('repository'), need)) return;
  throw denied(actor, need);
}

export function denied(actor: Actor, need: Need): ApiError {
  switch (actor.kind) {
    case 'anonymous':
      return requiresAuthentication();
    case 'app':
      return new ApiError(403, 'A JSON web token cannot be used here; use an installation access token');
    case 'installation':
      return new ApiError(403, 'Resource not accessible by integration', undefined, {
        'X-Accepted-GitHub-Permissions': need.permissions.map((permission) => `${permission}=${need.level}`).join('; '),
      });
    case 'user':
      return new ApiError(
        403,
        need.role === 'admin' ? 'Must have admin rights to Repository.' : 'Resource not accessible by personal access token',
      );
  }
}

/** The account a change will be signed with. */
export function authorOf(c: ForgeRequest): Author {
  const actor = c.get('actor');
  switch (actor.kind) {
    case 'user':
      return { user: actor.user, appId: null };
    case 'installation':
      return { user: actor.user, appId: actor.app.id };
    case 'anonymous':
      throw requiresAuthentication();
    case 'app':
      throw new ApiError(403, 'A JSON web token cannot be used here; use an installation access token');
  }
}

const need = (permissions: string | readonly string[], level: Level, role: Role): Need => ({
  permissions: typeof permissions === 'string' ? [permissions] : permissions,
  level,
  role,
});

/** Every kind of access a route asks for, by its name on GitHub. */
export const needs = {
  readMetadata: need('metadata', 'read', 'read'),
  readContents: need('contents', 'read', 'read'),
  writeContents: need('contents', 'write', 'write'),
  readIssues: need(['issues', 'pull_requests'], 'read', 'read'),
  writeIssues: need('issues', 'write', 'read'),
  triageIssues: need(['issues', 'pull_requests'], 'write', 'triage'),
  comment: need(['issues', 'pull_requests'], 'write', 'read'),
  maintainLabels: need(['issues', 'pull_requests'], 'write', 'write'),
  readPulls: need('pull_requests', 'read', 'read'),
  openPulls: need('pull_requests', 'write', 'write'),
  triagePulls: need('pull_requests', 'write', 'triage'),
  reviewPulls: need('pull_requests', 'write', 'read'),
  readChecks: need('checks', 'read', 'read'),
  readStatuses: need('statuses', 'read', 'read'),
  writeStatuses: need('statuses', 'write', 'write'),
  readDeployments: need('deployments', 'read', 'read'),
  writeDeployments: need('deployments', 'write', 'write'),
  readActions: need('actions', 'read', 'read'),
  startWorkflows: need('actions', 'write', 'write'),
  readAdministration: need('administration', 'read', 'admin'),
  administer: need('administration', 'write', 'admin'),
} as const satisfies Record<string, Need>;
