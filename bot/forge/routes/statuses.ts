import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { readCommit } from '#bot/forge/git/commits.ts';
import { objectType } from '#bot/forge/git/references.ts';
import { ApiError } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, nameIn, readBody } from '#bot/forge/http/request.ts';
import { presentUserById } from '#bot/forge/present/accounts.ts';
import { apiOf, isoTime } from '#bot/forge/present/addresses.ts';
import { presentSimpleStatus, presentStatus } from '#bot/forge/present/checks.ts';
import { presentCommit } from '#bot/forge/present/commit.ts';
import { presentRepository } from '#bot/forge/present/repository.ts';
import { isProtected } from '#bot/forge/protection/branch-rules.ts';
import { latestStatusesOf, statusesOf } from '#bot/forge/queries/checks.ts';
import { knownRefs } from '#bot/forge/queries/references.ts';
import type { StatusRow } from '#bot/forge/queries/rows.ts';
import { commitIn } from './commits.ts';

const NewStatus = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  target_url: z.url().nullable().optional(),
  description: z.string().max(140).nullable().optional(),
  context: z.string().min(1).default('default'),
});

/** Commit statuses, the older and simpler sister of check runs. */
export function statusRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.post('/repos/:owner/:repo/statuses/:sha', async (c) => {
    demand(c, needs.writeStatuses);
    const repository = c.get('repository');
    const author = authorOf(c);
    const sha = nameIn(c, 'sha');
    const request = await readBody(c, NewStatus, 'Status');
    const gitDir = gitDirOf(forge, repository);
    const known = /^[0-9a-f]{40}$/.test(sha) && (await objectType(gitDir, sha)) === 'commit';
    if (!known) throw new ApiError(422, `No commit found for SHA: ${sha}`);
    const commit = await readCommit(gitDir, sha);
    const status = forge.database.transaction(() => {
      const id = insertRow(forge.database, 'statuses', {
        repository_id: repository.id,
        sha,
        state: request.state,
        context: request.context,
        description: request.description ?? null,
        target_url: request.target_url ?? null,
        creator_id: author.user.id,
        app_id: author.appId,
        created_at: forge.clock(),
      });
      const row = statusesOf(forge.database, repository.id, sha).find((candidate) => candidate.id === id)!;
      const branches = [...knownRefs(forge.database, repository.id)]
        .filter(([ref, tip]) => ref.startsWith('refs/heads/') && tip === sha)
        .map(([ref]) => ref.slice('refs/heads/'.length));
      emit(forge, {
        name: 'status',
        action: null,
        repository,
        sender: author.user,
        body: {
          id,
          sha,
          name: `${repository.owner}/${repository.name}`,
          avatar_url: presentUserById(forge, author.user.id).avatar_url,
          target_url: row.target_url,
          context: row.context,
          description: row.description,
          state: row.state,
          commit: presentCommit(forge, repository, commit),
          branches: branches.map((name) => ({
            name,
            commit: { sha, url: `${apiOf(forge, repository)}/commits/${sha}` },
            protected: isProtected(forge, repository, name),
          })),
          created_at: isoTime(row.created_at),
          updated_at: isoTime(row.created_at),
        },
      });
      return row;
    })();
    return c.json(presentStatus(forge, repository, status), 201);
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}/statuses', async (c) => {
    demand(c, needs.readStatuses);
    const repository = c.get('repository');
    const rows = statusesOf(forge.database, repository.id, await commitIn(forge, c, 'ref'));
    return c.json(pageOfList(c, rows).map((row) => presentStatus(forge, repository, row)));
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}/status', async (c) => {
    demand(c, needs.readStatuses);
    const repository = c.get('repository');
    const sha = await commitIn(forge, c, 'ref');
    const rows = latestStatusesOf(forge.database, repository.id, sha);
    return c.json({
      state: combined(rows),
      statuses: pageOfList(c, rows).map((row) => presentSimpleStatus(forge, repository, row)),
      sha,
      total_count: rows.length,
      repository: presentRepository(forge, repository),
      commit_url: `${apiOf(forge, repository)}/commits/${sha}`,
      url: `${apiOf(forge, repository)}/commits/${sha}/status`,
    });
  });

  return app;
}

/** GitHub's rule: failure if any failed, pending if any is or there is none, success otherwise. */
function combined(rows: readonly StatusRow[]): 'failure' | 'pending' | 'success' {
  if (rows.some((row) => row.state === 'failure' || row.state === 'error')) return 'failure';
  return rows.length === 0 || rows.some((row) => row.state === 'pending') ? 'pending' : 'success';
}
