import { randomUUID } from 'node:crypto';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { presentUser } from '#bot/forge/present/accounts.ts';
import { nodeId } from '#bot/forge/present/addresses.ts';
import { presentRepository } from '#bot/forge/present/repository.ts';
import { appsInstalledOn } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow, UserRow } from '#bot/forge/queries/rows.ts';

export interface ForgeEvent {
  name: EventName;
  /** Null for events that know no action (push, create, delete, status). */
  action: string | null;
  repository: RepositoryRow;
  sender: UserRow;
  /** What the payload holds besides action, repository, sender and installation. */
  body: Readonly<Record<string, unknown>>;
  /** Events meant for one app: a check suite it should fill, a run it should run again. Sent whether or not it subscribed. */
  onlyAppId?: number;
}

export type EventName =
  | 'push'
  | 'create'
  | 'delete'
  | 'pull_request'
  | 'pull_request_review'
  | 'issues'
  | 'issue_comment'
  | 'check_run'
  | 'check_suite'
  | 'status'
  | 'deployment'
  | 'deployment_status'
  | 'workflow_dispatch';

/** The permissions any one of which lets an app hear of an event. */
const audience: Readonly<Record<EventName, readonly string[]>> = {
  push: ['contents'],
  create: ['contents'],
  delete: ['contents'],
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  issues: ['issues'],
  issue_comment: ['issues', 'pull_requests'],
  check_run: ['checks'],
  check_suite: ['checks'],
  status: ['statuses'],
  deployment: ['deployments'],
  deployment_status: ['deployments'],
  workflow_dispatch: ['contents'],
};

/**
 * Puts one delivery for each app that should hear of it into the outbox. Call it inside the transaction that makes the change: then either
 * both are there after a crash, or neither.
 */
export function emit(forge: ForgeContext, event: ForgeEvent): void {
  let shared: Record<string, unknown> | null = null;
  for (const app of appsInstalledOn(forge.database, event.repository.id)) {
    const permissions = JSON.parse(app.permissions) as Record<string, string>;
    if (!audience[event.name].some((permission) => permissions[permission] !== undefined)) continue;
    const subscribed = (JSON.parse(app.events) as string[]).includes(event.name);
    if (event.onlyAppId === undefined ? !subscribed : event.onlyAppId !== app.id) continue;
    shared ??= {
      ...(event.action === null ? {} : { action: event.action }),
      ...event.body,
      repository: presentRepository(forge, event.repository),
      sender: presentUser(forge, event.sender),
    };
    enqueue(forge, {
      appId: app.id,
      installationId: app.installation_id,
      repositoryId: event.repository.id,
      event: event.name,
      action: event.action,
      payload: { ...shared, installation: { id: app.installation_id, node_id: nodeId('Installation', app.installation_id) } },
    });
  }
}

/** Writes one delivery, due at once. */
export function enqueue(
  forge: ForgeContext,
  delivery: {
    appId: number;
    installationId: number;
    repositoryId: number | null;
    event: string;
    action: string | null;
    payload: unknown;
  },
): void {
  const now = forge.clock();
  insertRow(forge.database, 'deliveries', {
    guid: randomUUID(),
    app_id: delivery.appId,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    event: delivery.event,
    action: delivery.action,
    payload: JSON.stringify(delivery.payload),
    state: 'pending',
    next_attempt_at: now,
    created_at: now,
  });
  forge.wakeDeliveries();
}
