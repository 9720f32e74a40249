import { Hono } from 'hono';
import { demand, effectiveRole, isAtLeast, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { readCommit } from '#bot/forge/git/commits.ts';
import { listRefs, resolveCommit } from '#bot/forge/git/references.ts';
import { entryAt, readBlob } from '#bot/forge/git/trees.ts';
import { notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, nameIn } from '#bot/forge/http/request.ts';
import { presentUser } from '#bot/forge/present/accounts.ts';
import { apiOf, htmlOf } from '#bot/forge/present/addresses.ts';
import { presentCommit } from '#bot/forge/present/commit.ts';
import { presentBranchProtection } from '#bot/forge/present/protection.ts';
import { presentFullRepository, presentRole } from '#bot/forge/present/repository.ts';
import { isProtected } from '#bot/forge/protection/branch-rules.ts';
import { CODE_OWNERS_PATHS, type CodeOwnersFault, readCodeOwners } from '#bot/forge/protection/code-owners.ts';
import { collaboratorsOf, userByLogin } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';

/** The repository, its branches and who may do what in it. */
export function repositoryRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo', (c) => {
    return c.json(presentFullRepository(forge, c.get('repository'), c.get('actor')));
  });

  app.get('/repos/:owner/:repo/codeowners/errors', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const sha = await resolveCommit(gitDir, c.req.query('ref') ?? `refs/heads/${repository.default_branch}`);
    if (sha === null) throw notFound();
    for (const path of CODE_OWNERS_PATHS) {
      const entry = await entryAt(gitDir, sha, path);
      if (entry?.type !== 'blob') continue;
      const text = (await readBlob(gitDir, entry.sha)).toString('utf8');
      const { faults } = readCodeOwners(text, (owner) => mayOwn(forge, repository, owner));
      return c.json({ errors: faults.map((fault) => presentFault(path, fault)) });
    }
    throw notFound();
  });

  app.get('/repos/:owner/:repo/branches', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const wanted = c.req.query('protected');
    const refs = await listRefs(gitDirOf(forge, repository));
    const branches = [...refs]
      .filter(([ref]) => ref.startsWith('refs/heads/'))
      .map(([ref, sha]) => {
        const name = ref.slice('refs/heads/'.length);
        return { name, sha, protected: isProtected(forge, repository, name) };
      })
      .filter((branch) => wanted === undefined || String(branch.protected) === wanted);
    return c.json(
      pageOfList(c, branches).map(({ name, sha, protected: isGuarded }) => ({
        name,
        commit: { sha, url: `${apiOf(forge, repository)}/commits/${sha}` },
        protected: isGuarded,
      })),
    );
  });

  app.get('/repos/:owner/:repo/branches/:branch{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const name = nameIn(c, 'branch');
    const gitDir = gitDirOf(forge, repository);
    const sha = (await listRefs(gitDir)).get(`refs/heads/${name}`);
    if (sha === undefined) throw notFound();
    const self = `${apiOf(forge, repository)}/branches/${encodeURIComponent(name)}`;
    return c.json({
      name,
      commit: presentCommit(forge, repository, await readCommit(gitDir, sha)),
      _links: { self, html: `${htmlOf(forge, repository)}/tree/${name}` },
      protected: isProtected(forge, repository, name),
      protection: presentBranchProtection(forge, repository, name),
      protection_url: `${self}/protection`,
    });
  });

  app.get('/repos/:owner/:repo/collaborators', (c) => {
    demand(c, needs.readMetadata);
    const repository = c.get('repository');
    const rows = collaboratorsOf(forge.database, repository.id);
    return c.json(
      pageOfList(c, rows).map((row) => ({ ...presentUser(forge, row), permissions: presentRole(row.role), role_name: row.role })),
    );
  });

  app.get('/repos/:owner/:repo/collaborators/:username/permission', (c) => {
    demand(c, needs.readMetadata);
    const repository = c.get('repository');
    const user = userByLogin(forge.database, c.req.param('username'));
    if (user === undefined) throw notFound();
    const role = effectiveRole(forge, repository, user);
    // The old four-step scale beside the name of the role: maintain counts as write, triage as read.
    const permission = role === null ? 'none' : isAtLeast(role, 'admin') ? 'admin' : isAtLeast(role, 'write') ? 'write' : 'read';
    return c.json({
      permission,
      role_name: role ?? 'none',
      user: { ...presentUser(forge, user), permissions: presentRole(role), role_name: role ?? 'none' },
    });
  });

  return app;
}

/** Accounts that may write; the forge has no teams, and leaves addresses to whoever has them. */
function mayOwn(forge: ForgeContext, repository: RepositoryRow, owner: string): boolean {
  if (!owner.startsWith('@')) return true;
  const user = userByLogin(forge.database, owner.slice(1));
  return user !== undefined && isAtLeast(effectiveRole(forge, repository, user), 'write');
}

function presentFault(path: string, { line, column, kind, source, suggestion }: CodeOwnersFault) {
  const message = `${kind} on line ${line}${suggestion === null ? '' : `: ${suggestion}`}\n\n  ${source}\n  ${' '.repeat(column - 1)}^`;
  return { line, column, kind, source, suggestion, message, path };
}
