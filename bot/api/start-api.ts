import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { type Clock, systemClock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { createApi } from './create-api.ts';
import { EventStreams, type StreamLimits, standardLimits } from './events/event-streams.ts';
import { type Rate, Rates } from './rates.ts';
import { RecordSource, type SourceOptions } from './record-source.ts';
import { Tokens } from './tokens.ts';

const connectionsMax: ConnectionLimits = { all: 64, ofHolder: 32 };
const headerBytesMax = 8 * 1024;
/** How long is waited for a client. */
export interface Patience {
  /** From a connection, or a request's first byte, to the end of its headers. */
  readonly headersMs: number;
  /** With nothing sent and nothing taken. */
  readonly idleMs: number;
  /** How often the first is looked at. */
  readonly everyMs: number;
}

const standardPatience: Patience = { headersMs: 5_000, idleMs: 30_000, everyMs: 1_000 };
const loopback: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

export interface ApiOptions extends Omit<SourceOptions, 'clock'> {
  readonly tokens: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Somebody has said that others than this machine may ask. There is no TLS here: that is a proxy's. */
  readonly mayLeaveLoopback?: boolean;
  readonly version: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Of each who holds a token. */
  readonly rate?: Rate;
  readonly streams?: Partial<StreamLimits>;
  readonly connections?: Partial<ConnectionLimits>;
  readonly patience?: Partial<Patience>;
}

export interface Api {
  readonly url: string;
  readonly streams: EventStreams;
  close(): Promise<void>;
}

/** @throws RatchetError `api/no-token`, `api/weak-token`, `api/not-loopback`, `api/port-in-use`, before anything listens */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host = '127.0.0.1', mayLeaveLoopback = false, clock = systemClock, log, version } = options;
  if (!mayLeaveLoopback && !loopback.includes(host)) {
    throw new RatchetError(
      'api/not-loopback',
      `${host} is not this machine alone.`,
      'Keep 127.0.0.1 and put a proxy with TLS before it, or say --beyond-this-machine. Nothing was started.',
      { host },
    );
  }
  const tokens = new Tokens(options.tokens);
  const source = new RecordSource({ ...options, clock: clock.now });
  const connections = new Connections({ ...connectionsMax, ...options.connections });
  const parts = {
    source,
    tokens,
    rates: new Rates(options.rate ?? { perMinute: 600, burst: 60 }, clock.now),
    strangers: new Rates({ perMinute: 30, burst: 30 }, clock.now),
    connections,
    version,
    log,
  };
  const api = createApi(parts);
  const patience = { ...standardPatience, ...options.patience };
  const { server, port } = await listen((request, env) => api.fetch(request, env as never), host, options.port, patience);
  server.on('connection', (socket) => connections.take(socket));
  const streams = new EventStreams(parts, { ...standardLimits, ...options.streams }, clock);
  server.on('upgrade', (request, socket, head) => streams.upgrade(request, socket, head));
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    streams,
    async close() {
      streams.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      source.close();
    },
  };
}

function listen(
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  hostname: string,
  port: number,
  patience: Patience,
): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      maxHeaderSize: headerBytesMax,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.headersMs,
      connectionsCheckingInterval: patience.everyMs,
      keepAliveTimeout: 5_000,
    };
    const server = serve({ fetch, hostname, port, serverOptions }, (info) => resolve({ server, port: info.port })) as Server;
    server.timeout = patience.idleMs;
    server.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause);
      reject(
        new RatchetError(
          'api/port-in-use',
          `Port ${port} on ${hostname} is in use; the API was not started.`,
          'Stop what listens there or choose another port.',
          { port },
          cause,
        ),
      );
    });
  });
}
