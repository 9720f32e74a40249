import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import type { DeliveryRow } from '#bot/forge/queries/rows.ts';

/** Sends a delivery once more, as a new one with the same guid: that is how the receiver knows it has seen it. */
export function redeliver(forge: ForgeContext, delivery: DeliveryRow): number {
  const now = forge.clock();
  const id = insertRow(forge.database, 'deliveries', {
    guid: delivery.guid,
    app_id: delivery.app_id,
    installation_id: delivery.installation_id,
    repository_id: delivery.repository_id,
    event: delivery.event,
    action: delivery.action,
    payload: delivery.payload,
    state: 'pending',
    next_attempt_at: now,
    is_redelivery: 1,
    created_at: now,
  });
  forge.wakeDeliveries();
  return id;
}
