import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { DeliveryRow } from './rows.ts';

export function pendingDeliveries(database: ForgeDatabase, now: number, limit: number): DeliveryRow[] {
  return database
    .prepare<[number, number], DeliveryRow>(
      "SELECT * FROM deliveries WHERE state = 'pending' AND next_attempt_at <= ? ORDER BY id LIMIT ?",
    )
    .all(now, limit);
}

/** When the next pending delivery is due, or null when none waits. */
export function nextDeliveryAt(database: ForgeDatabase): number | null {
  return database
    .prepare<[], { at: number | null }>("SELECT MIN(next_attempt_at) AS at FROM deliveries WHERE state = 'pending'")
    .get()!.at;
}

export function deliveryById(database: ForgeDatabase, appId: number, id: number): DeliveryRow | undefined {
  return database.prepare<[number, number], DeliveryRow>('SELECT * FROM deliveries WHERE app_id = ? AND id = ?').get(appId, id);
}

/** An app's deliveries, newest first. */
export function deliveriesOf(database: ForgeDatabase, appId: number, limit: number): DeliveryRow[] {
  return database
    .prepare<[number, number], DeliveryRow>('SELECT * FROM deliveries WHERE app_id = ? ORDER BY id DESC LIMIT ?')
    .all(appId, limit);
}
