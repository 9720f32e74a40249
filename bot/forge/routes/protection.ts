import { Hono } from 'hono';
import { demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { readRef } from '#bot/forge/git/references.ts';
import { ApiError, invalid, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, nameIn, numberIn, readBody } from '#bot/forge/http/request.ts';
import { presentProtection, presentRuleset } from '#bot/forge/present/protection.ts';
import { protectionOf, rulesetsFor } from '#bot/forge/protection/branch-rules.ts';
import { ProtectionSettings, RulesetSettings } from '#bot/forge/protection/settings.ts';
import { installationFor } from '#bot/forge/queries/accounts.ts';
import { rulesetById, rulesetsOf } from '#bot/forge/queries/references.ts';
import type { RulesetRow } from '#bot/forge/queries/rows.ts';

/** Protected branches and rulesets. Only GitHub's classic form knows administrators; rulesets name who may bypass them. */
export function protectionRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/branches/:branch{.+}/protection', (c) => {
    demand(c, needs.readAdministration);
    const settings = protectionOf(forge, c.get('repository'), nameIn(c, 'branch'));
    if (settings === null) throw new ApiError(404, 'Branch not protected');
    return c.json(presentProtection(forge, c.get('repository'), nameIn(c, 'branch'), settings));
  });

  app.put('/repos/:owner/:repo/branches/:branch{.+}/protection', async (c) => {
    demand(c, needs.administer);
    const repository = c.get('repository');
    const branch = nameIn(c, 'branch');
    const settings = await readBody(c, ProtectionSettings, 'ProtectedBranch', 'sentences');
    if ((await readRef(gitDirOf(forge, repository), `refs/heads/${branch}`)) === null)
      throw new ApiError(404, 'Branch not found');
    forge.database
      .prepare(
        'INSERT INTO protections (repository_id, branch, settings) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET settings = excluded.settings',
      )
      .run(repository.id, branch, JSON.stringify(settings));
    return c.json(presentProtection(forge, repository, branch, settings));
  });

  app.delete('/repos/:owner/:repo/branches/:branch{.+}/protection', (c) => {
    demand(c, needs.administer);
    const outcome = forge.database
      .prepare('DELETE FROM protections WHERE repository_id = ? AND branch = ?')
      .run(c.get('repository').id, nameIn(c, 'branch'));
    if (outcome.changes === 0) throw new ApiError(404, 'Branch not protected');
    return c.body(null, 204);
  });

  app.get('/repos/:owner/:repo/rules/branches/:branch{.+}', (c) => {
    demand(c, needs.readMetadata);
    const repository = c.get('repository');
    const rules = rulesetsFor(forge, repository, nameIn(c, 'branch')).flatMap(({ row, settings }) =>
      settings.rules.map((rule) => ({
        ...rule,
        ruleset_source_type: 'Repository',
        ruleset_source: `${repository.owner}/${repository.name}`,
        ruleset_id: row.id,
      })),
    );
    return c.json(pageOfList(c, rules));
  });

  app.get('/repos/:owner/:repo/rulesets', (c) => {
    demand(c, needs.readMetadata);
    const repository = c.get('repository');
    const rows = rulesetsOf(forge.database, repository.id);
    return c.json(pageOfList(c, rows).map((row) => presentRuleset(forge, repository, row, null)));
  });

  app.post('/repos/:owner/:repo/rulesets', async (c) => {
    demand(c, needs.administer);
    const repository = c.get('repository');
    const settings = await readBody(c, RulesetSettings, 'Ruleset');
    refuseTakenName(forge, c, settings.name, null);
    refuseStrangeApps(forge, c, settings);
    const now = forge.clock();
    const id = insertRow(forge.database, 'rulesets', {
      repository_id: repository.id,
      name: settings.name,
      settings: JSON.stringify(settings),
      created_at: now,
      updated_at: now,
    });
    return c.json(presentRuleset(forge, repository, rulesetById(forge.database, repository.id, id)!, c.get('actor')), 201);
  });

  app.get('/repos/:owner/:repo/rulesets/:ruleset_id', (c) => {
    demand(c, needs.readMetadata);
    return c.json(presentRuleset(forge, c.get('repository'), rulesetIn(forge, c), c.get('actor')));
  });

  app.put('/repos/:owner/:repo/rulesets/:ruleset_id', async (c) => {
    demand(c, needs.administer);
    const row = rulesetIn(forge, c);
    const settings = await readBody(c, RulesetSettings, 'Ruleset');
    refuseTakenName(forge, c, settings.name, row.id);
    refuseStrangeApps(forge, c, settings);
    updateRow(forge.database, 'rulesets', 'id', row.id, {
      name: settings.name,
      settings: JSON.stringify(settings),
      updated_at: forge.clock(),
    });
    return c.json(presentRuleset(forge, c.get('repository'), rulesetIn(forge, c), c.get('actor')));
  });

  app.delete('/repos/:owner/:repo/rulesets/:ruleset_id', (c) => {
    demand(c, needs.administer);
    forge.database.prepare('DELETE FROM rulesets WHERE id = ?').run(rulesetIn(forge, c).id);
    return c.body(null, 204);
  });

  return app;
}

function rulesetIn(forge: ForgeContext, c: ForgeRequest): RulesetRow {
  const row = rulesetById(forge.database, c.get('repository').id, numberIn(c, 'ruleset_id'));
  if (row === undefined) throw notFound();
  return row;
}

function refuseTakenName(forge: ForgeContext, c: ForgeRequest, name: string, except: number | null): void {
  const taken = rulesetsOf(forge.database, c.get('repository').id).some((row) => row.name === name && row.id !== except);
  if (taken) throw invalid({ resource: 'Ruleset', field: 'name', code: 'already_exists', message: 'Name must be unique' });
}

/** As GitHub has it: only an App that is installed there can be let past. */
function refuseStrangeApps(forge: ForgeContext, c: ForgeRequest, { bypass_actors }: RulesetSettings): void {
  const isStrange = bypass_actors.some(
    ({ actor_type, actor_id }) =>
      actor_type === 'Integration' && installationFor(forge.database, actor_id ?? 0, c.get('repository').id) === undefined,
  );
  const message = 'Actor GitHub App must be part of the ruleset source or owner organization';
  if (isStrange) throw new ApiError(422, 'Validation Failed', [message]);
}
