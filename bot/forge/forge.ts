import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { ActionsRunner } from './actions/dispatch.ts';
import type { ActionsOptions } from './actions/forge-host.ts';
import { type Administration, createAdministration, randomKeys } from './administration.ts';
import { type AppKeys, type ForgeContext, gitDirOf } from './context.ts';
import { openDatabase } from './database/open-database.ts';
import { startSender } from './events/deliver.ts';
import { createBareRepository } from './git/create-repository.ts';
import { createRateLimiter } from './http/rate-limit.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { Sessions } from './pages/sessions.ts';
import { allRepositories } from './queries/accounts.ts';
import { synchroniseRefs } from './refs/synchronise-refs.ts';
import { createServer } from './server.ts';

export interface ForgeOptions {
  /** Everything the forge keeps: forge.sqlite, repositories/, apps/. */
  dir: string;
  /** Loopback only: there is no TLS. */
  host?: '127.0.0.1';
  /** 0 takes any free port. */
  port: number;
  /** Milliseconds since 1970; by default the system's. */
  clock?: () => number;
  /** The keys of each new app; by default new RSA keys of 2048 bits. */
  newKeys?: () => AppKeys;
  log: Logger;
  /** After this many API requests of one account within an hour the rest are refused, as on GitHub; by default 1,000,000. */
  requestsPerHour?: number;
  /** What this machine lends to workflows that are started here. */
  actions?: ActionsOptions;
}

/** A running forge. Its settings are set here; everything else goes through HTTP, as with GitHub. */
export interface Forge extends Administration {
  /** `http://127.0.0.1:PORT`; the API is under `/api/v3`, git under `/<owner>/<name>.git`. */
  readonly url: string;
  /** An address that signs a browser in as `login`, once. @throws RatchetError `forge/no-user` */
  loginUrl(login: string): string;
  /** Stops answering and sending; what is unsent stays in the outbox. */
  close(): Promise<void>;
}

/** Opens the forge's folder, mends what a crash left half done, and serves. Throws `forge/port-in-use` when the port is taken. */
export async function startForge(options: ForgeOptions): Promise<Forge> {
  const { dir, host = '127.0.0.1', clock = Date.now, newKeys = randomKeys, log } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const database = openDatabase(dir);
  const sender = startSender({ database, clock, log });
  let url = '';
  let actions: ActionsRunner | undefined;
  const forge: ForgeContext = {
    dir,
    database,
    clock,
    newKeys,
    log,
    locks: createKeyedLock(),
    url: () => url,
    actions: () => actions!,
    wakeDeliveries: sender.wake,
  };
  actions = new ActionsRunner(forge, options.actions ?? {});
  const sessions = new Sessions(forge);
  const app = createServer(forge, createRateLimiter(clock, options.requestsPerHour ?? 1_000_000), sessions);
  // Whoever is quick enough to ask before the mending is done waits for it.
  const { promise: mended, resolve: open, reject: refuse } = latch();
  let server: Server | undefined;
  try {
    const listening = await listen((request, env) => mended.then(() => app.fetch(request, env)), host, options.port);
    server = listening.server;
    url = `http://${host}:${listening.port}`;
    await mend(forge);
    actions.mend();
    open();
  } catch (error) {
    refuse(error);
    await sender.close();
    if (server !== undefined) await stop(server);
    database.close();
    throw error;
  }
  sender.wake();
  return {
    ...createAdministration(forge),
    url,
    loginUrl: (login) => `${url}/?key=${sessions.issueKey(login)}`,
    async close() {
      await actions.close();
      await sender.close();
      await stop(server);
      // Work that was under way may still hold a lock; let it end before the database goes.
      await Promise.all(allRepositories(database).map((repository) => forge.locks.run(repository.id, async () => undefined)));
      database.close();
    },
  };
}

/** After a crash git may be a step ahead of the database: repositories are completed, moved references told, notes of intent dropped. */
async function mend(forge: ForgeContext): Promise<void> {
  for (const repository of allRepositories(forge.database)) {
    await forge.locks.run(repository.id, async () => {
      createBareRepository(gitDirOf(forge, repository), repository.default_branch);
      await synchroniseRefs(forge, repository);
      forge.database.prepare('DELETE FROM intents WHERE repository_id = ?').run(repository.id);
    });
  }
}

function latch(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function listen(
  fetch: (request: Request, env: object) => Promise<Response>,
  hostname: string,
  port: number,
): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (info) => resolve({ server, port: info.port })) as Server;
    server.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause);
      reject(
        new RatchetError(
          'forge/port-in-use',
          `Port ${port} on ${hostname} is in use; the forge was not started.`,
          'Stop what listens there or choose another port.',
          { port },
          cause,
        ),
      );
    });
  });
}
