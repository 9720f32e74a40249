import { createHmac } from 'node:crypto';
import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import { updateRow } from '#bot/forge/database/write-row.ts';
import { type OverheardWebhook, overheardWebhooks } from '#bot/forge/overheard.ts';
import { appById } from '#bot/forge/queries/accounts.ts';
import { nextDeliveryAt, pendingDeliveries } from '#bot/forge/queries/deliveries.ts';
import type { AppRow, DeliveryRow } from '#bot/forge/queries/rows.ts';
import type { Logger } from '#engine/log.ts';

/** After the last of these a delivery stays failed until someone asks for it again. */
const retryAfterMs = [250, 1_000, 4_000, 15_000, 60_000, 300_000] as const;
/** GitHub waits ten seconds for an answer. */
const answerWithinMs = 10_000;
const batch = 20;
/** Deliveries done with are kept this long, so that they can be looked at and sent again. */
const keepMs = 3 * 24 * 3600 * 1000;

export interface DeliverySender {
  /** There may be something new in the outbox. */
  wake(): void;
  /** Stops sending; what is unsent stays in the outbox for the next start. */
  close(): Promise<void>;
}

/** Sends what stands in the outbox, in order for each app, and tries again later what was not taken. */
export function startSender(options: { database: ForgeDatabase; clock: () => number; log: Logger }): DeliverySender {
  const { database, clock, log } = options;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let askedAgain = false;

  const wake = () => {
    if (stop.signal.aborted) return;
    askedAgain = true;
    // Not at once: the transaction that woke us has yet to commit.
    running ??= Promise.resolve().then(run);
  };

  const run = async () => {
    while (askedAgain && !stop.signal.aborted) {
      askedAgain = false;
      await sendDue();
    }
    running = null;
    schedule();
  };

  const schedule = () => {
    if (stop.signal.aborted) return;
    clearTimeout(timer);
    const at = nextDeliveryAt(database);
    if (at === null) return;
    timer = setTimeout(wake, Math.min(Math.max(at - clock(), 10), 60_000));
    timer.unref();
  };

  const sendDue = async () => {
    for (;;) {
      const due = pendingDeliveries(database, clock(), batch);
      if (due.length === 0 || stop.signal.aborted) return;
      const appIds = [...new Set(due.map((delivery) => delivery.app_id))];
      await Promise.all(appIds.map((appId) => sendInOrder(due.filter((delivery) => delivery.app_id === appId))));
    }
  };

  const sendInOrder = async (due: readonly DeliveryRow[]) => {
    for (const delivery of due) {
      if (stop.signal.aborted) return;
      await sendOne(delivery);
    }
  };

  const sendOne = async (delivery: DeliveryRow) => {
    const app = appById(database, delivery.app_id)!;
    const outcome = await post(app, delivery, stop.signal);
    if (stop.signal.aborted && outcome.statusCode === null) return;
    const attempts = delivery.attempts + 1;
    const taken = outcome.statusCode !== null && outcome.statusCode >= 200 && outcome.statusCode < 300;
    const wait = retryAfterMs[delivery.attempts];
    updateRow(database, 'deliveries', 'id', delivery.id, {
      attempts,
      status_code: outcome.statusCode,
      failure: outcome.failure,
      state: taken ? 'delivered' : wait === undefined ? 'failed' : 'pending',
      next_attempt_at: taken || wait === undefined ? delivery.next_attempt_at : clock() + wait,
      delivered_at: taken ? clock() : null,
    });
    if (!taken) log.debug({ event: delivery.event, guid: delivery.guid, attempts, ...outcome }, 'a webhook was not taken');
  };

  database.prepare("DELETE FROM deliveries WHERE state <> 'pending' AND created_at < ?").run(clock() - keepMs);

  return {
    wake,
    async close() {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

async function post(
  app: AppRow,
  delivery: DeliveryRow,
  stopped: AbortSignal,
): Promise<{ statusCode: number | null; failure: string | null }> {
  if (overheardWebhooks.hasSubscribers) {
    const overheard: OverheardWebhook = { event: delivery.event, payload: JSON.parse(delivery.payload) };
    overheardWebhooks.publish(overheard);
  }
  if (app.webhook_url === '') return { statusCode: null, failure: 'the app has no webhook address' };
  try {
    const response = await fetch(app.webhook_url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([stopped, AbortSignal.timeout(answerWithinMs)]),
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'GitHub-Hookshot/forge',
        Accept: '*/*',
        'X-GitHub-Event': delivery.event,
        'X-GitHub-Delivery': delivery.guid,
        'X-GitHub-Hook-ID': String(app.id),
        'X-GitHub-Hook-Installation-Target-ID': String(app.id),
        'X-GitHub-Hook-Installation-Target-Type': 'integration',
        'X-Hub-Signature': `sha1=${createHmac('sha1', app.webhook_secret).update(delivery.payload).digest('hex')}`,
        'X-Hub-Signature-256': `sha256=${createHmac('sha256', app.webhook_secret).update(delivery.payload).digest('hex')}`,
      },
      body: delivery.payload,
    });
    await response.body?.cancel();
    return { statusCode: response.status, failure: response.ok ? null : `answered ${response.status}` };
  } catch (error) {
    return {
      statusCode: null,
      failure: error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error),
    };
  }
}
