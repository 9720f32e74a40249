import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { convert } from '#bot/forge/apps/manifest.ts';
import type { Permissions } from '#bot/forge/auth/actor.ts';
import { issueInstallationToken } from '#bot/forge/auth/tokens.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { updateRow } from '#bot/forge/database/write-row.ts';
import { redeliver } from '#bot/forge/events/redeliver.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, numberIn, readBody } from '#bot/forge/http/request.ts';
import { presentApp, presentInstallation } from '#bot/forge/present/accounts.ts';
import { isoTime, isoTimeOrNull } from '#bot/forge/present/addresses.ts';
import { presentRepository } from '#bot/forge/present/repository.ts';
import {
  appBySlug,
  installationById,
  installationFor,
  installationsOfApp,
  repositoriesOfInstallation,
} from '#bot/forge/queries/accounts.ts';
import { deliveriesOf, deliveryById } from '#bot/forge/queries/deliveries.ts';
import type { AppRow, DeliveryRow, InstallationRow, RepositoryRow } from '#bot/forge/queries/rows.ts';

const TokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number().int()).optional(),
  permissions: z.record(z.string(), z.string()).optional(),
});
const HookChange = z.object({ url: z.url().optional(), secret: z.string().optional() });

/** What an app asks about itself with its JWT: who it is, where it is installed, tokens, deliveries. */
export function appRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/app', (c) => {
    const row = appOf(c);
    return c.json({ ...presentApp(forge, row), installations_count: installationsOfApp(forge.database, row.id).length });
  });

  app.post('/app-manifests/:code/conversions', (c) => {
    const { app: row, keys } = convert(forge, c.req.param('code'));
    const secret = { client_secret: randomBytes(20).toString('hex'), webhook_secret: row.webhook_secret };
    return c.json({ ...presentApp(forge, row), ...secret, pem: keys.privateKeyPem }, 201);
  });

  app.get('/apps/:slug', (c) => {
    const row = appBySlug(forge.database, c.req.param('slug'));
    if (row === undefined) throw notFound();
    return c.json(presentApp(forge, row));
  });

  app.get('/app/installations', (c) => {
    const row = appOf(c);
    const installations = installationsOfApp(forge.database, row.id);
    return c.json(pageOfList(c, installations).map((installation) => presentInstallation(forge, installation, row)));
  });

  app.get('/app/installations/:installation_id', (c) => {
    const row = appOf(c);
    return c.json(presentInstallation(forge, installationIn(c, forge, row), row));
  });

  app.post('/app/installations/:installation_id/access_tokens', async (c) => {
    const row = appOf(c);
    const installation = installationIn(c, forge, row);
    const request = await readBody(c, TokenRequest, 'InstallationToken');
    const permissions = grantedOf(JSON.parse(row.permissions) as Permissions, request.permissions);
    const all = repositoriesOfInstallation(forge.database, installation.id);
    const chosen = chosenOf(all, request);
    const { token, expiresAt } = issueInstallationToken(
      forge,
      installation.id,
      permissions,
      chosen?.map((repository) => repository.id) ?? null,
    );
    return c.json(
      {
        token,
        expires_at: isoTime(expiresAt),
        permissions,
        repository_selection: 'selected',
        ...(chosen === null ? {} : { repositories: chosen.map((repository) => presentRepository(forge, repository)) }),
      },
      201,
    );
  });

  app.get('/installation/repositories', (c) => {
    const actor = c.get('actor');
    if (actor.kind !== 'installation')
      throw new ApiError(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      );
    const all = repositoriesOfInstallation(forge.database, actor.installation.id);
    const visible = all.filter((repository) => actor.repositoryIds?.includes(repository.id) ?? true);
    return c.json({
      total_count: visible.length,
      repository_selection: 'selected',
      repositories: pageOfList(c, visible).map((repository) => presentRepository(forge, repository)),
    });
  });

  app.get('/repos/:owner/:repo/installation', (c) => {
    const row = appOf(c);
    const installation = installationFor(forge.database, row.id, c.get('repository').id);
    if (installation === undefined) throw notFound();
    return c.json(presentInstallation(forge, installation, row));
  });

  app.get('/app/hook/config', (c) => c.json(presentHook(appOf(c))));

  app.patch('/app/hook/config', async (c) => {
    const row = appOf(c);
    const change = await readBody(c, HookChange, 'Hook');
    const webhook = { webhook_url: change.url ?? row.webhook_url, webhook_secret: change.secret ?? row.webhook_secret };
    updateRow(forge.database, 'apps', 'id', row.id, { ...webhook, updated_at: forge.clock() });
    return c.json(presentHook({ ...row, ...webhook }));
  });

  app.get('/app/hook/deliveries', (c) => {
    const row = appOf(c);
    return c.json(pageOfList(c, deliveriesOf(forge.database, row.id, 1000)).map(presentDelivery));
  });

  app.get('/app/hook/deliveries/:delivery_id', (c) => {
    const row = appOf(c);
    const delivery = deliveryIn(c, forge, row);
    return c.json({
      ...presentDelivery(delivery),
      url: row.webhook_url,
      request: {
        headers: { 'X-GitHub-Event': delivery.event, 'X-GitHub-Delivery': delivery.guid },
        payload: JSON.parse(delivery.payload) as unknown,
      },
      response: { headers: {}, payload: null },
    });
  });

  app.post('/app/hook/deliveries/:delivery_id/attempts', (c) => {
    redeliver(forge, deliveryIn(c, forge, appOf(c)));
    return c.json({}, 202);
  });

  return app;
}

function appOf(c: ForgeRequest): AppRow {
  const actor = c.get('actor');
  if (actor.kind === 'app') return actor.app;
  throw new ApiError(401, 'A JSON web token could not be decoded');
}

function installationIn(c: ForgeRequest, forge: ForgeContext, app: AppRow): InstallationRow {
  const installation = installationById(forge.database, numberIn(c, 'installation_id'));
  if (installation === undefined || installation.app_id !== app.id) throw notFound();
  return installation;
}

function deliveryIn(c: ForgeRequest, forge: ForgeContext, app: AppRow): DeliveryRow {
  const delivery = deliveryById(forge.database, app.id, numberIn(c, 'delivery_id'));
  if (delivery === undefined) throw notFound();
  return delivery;
}

/** The permissions asked for, none of which may go beyond the app's; all of the app's when none are asked for. */
function grantedOf(held: Permissions, asked: Permissions | undefined): Permissions {
  const granted = asked ?? held;
  for (const [name, level] of Object.entries(granted)) {
    const has = held[name];
    if (has === undefined || (level !== has && !(level === 'read' && has === 'write'))) {
      throw new ApiError(422, 'The permissions requested are not granted to this installation.');
    }
  }
  return { metadata: 'read', ...granted };
}

function chosenOf(all: readonly RepositoryRow[], request: z.output<typeof TokenRequest>): RepositoryRow[] | null {
  if (request.repositories === undefined && request.repository_ids === undefined) return null;
  const byName = (request.repositories ?? []).map((name) => all.find((repository) => repository.name === name));
  const byId = (request.repository_ids ?? []).map((id) => all.find((repository) => repository.id === id));
  return [...byName, ...byId].map((repository) => {
    if (repository !== undefined) return repository;
    throw new ApiError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  });
}

function presentHook(app: AppRow) {
  return { content_type: 'json', insecure_ssl: '0', secret: '********', url: app.webhook_url };
}

function presentDelivery(delivery: DeliveryRow) {
  const done = delivery.delivered_at ?? delivery.next_attempt_at;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: isoTime(done),
    redelivery: delivery.is_redelivery === 1,
    duration: 0,
    status: delivery.state === 'delivered' ? 'OK' : (delivery.failure ?? 'pending'),
    status_code: delivery.status_code ?? 0,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installation_id,
    repository_id: delivery.repository_id,
    throttled_at: isoTimeOrNull(null),
  };
}
