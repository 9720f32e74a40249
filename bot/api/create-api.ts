import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Logger } from '#engine/log.ts';
import type { Connections } from './connections.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { openApiDocument } from './openapi.ts';
import { Problem, problemOf } from './problem.ts';
import type { Rates } from './rates.ts';
import type { RecordSource } from './record-source.ts';
import { Meta, type Resource } from './resource.ts';
import { resources } from './resources/index.ts';
import type { Tokens } from './tokens.ts';

const urlLengthMax = 2048;

export interface ApiParts {
  readonly source: RecordSource;
  readonly tokens: Tokens;
  /** Of those who hold a token. */
  readonly rates: Rates;
  /** Of an address that comes without one. */
  readonly strangers: Rates;
  readonly connections: Connections;
  readonly version: string;
  readonly log: Logger;
}

interface ApiEnv {
  Bindings: HttpBindings;
}

/** Everything under `/v1/` that is answered at once. It reads, and nothing else: any method but GET is refused. */
export function createApi(parts: ApiParts): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  api.use(async (c, next) => {
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
    // Who is not let in is not listened to any longer, whatever it goes on to send.
    c.header('Connection', 'close');
    admit(parts, {
      url: c.req.url,
      method: c.req.method,
      authorization: c.req.header('Authorization'),
      origin: c.req.header('Origin'),
      length: c.req.header('Content-Length'),
      encoding: c.req.header('Transfer-Encoding'),
      socket: c.env.incoming.socket,
    });
    c.header('Connection', undefined);
    await next();
  });
  for (const resource of resources) {
    api.get(`/v1/${resource.name}`, (c) => c.json(answer(parts, resource, c.req.queries())));
  }
  api.get('/v1/openapi.json', (c) => c.json(openApiDocument(parts.version)));
  api.get('/v1/events', () => {
    throw new Problem(400, 'no-websocket', 'Events are told on a websocket.');
  });
  api.notFound(() => {
    throw new Problem(404, 'no-resource', 'There is nothing of this name; /v1/openapi.json lists what there is.');
  });
  api.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) parts.log.error({ err: error, path: c.req.path }, 'an answer could not be made');
    for (const [name, value] of Object.entries(problem.headers)) c.header(name, value);
    return c.body(JSON.stringify(problem.body()), problem.status, { 'Content-Type': 'application/problem+json' });
  });
  return api;
}

export interface Asking {
  readonly url: string;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly origin: string | undefined;
  readonly length: string | undefined;
  readonly encoding: string | undefined;
  readonly socket: Socket;
}

/** Lets in who holds a token and keeps the measure; gives whose it is. @throws Problem */
export function admit({ tokens, rates, strangers, connections }: ApiParts, asking: Asking): number {
  const holder = tokens.holderOf(asking.authorization);
  if (holder === null) {
    strangers.spend(asking.socket.remoteAddress ?? '');
    throw new Problem(401, 'no-token', 'A token is needed: Authorization: Bearer …', { 'WWW-Authenticate': 'Bearer' });
  }
  rates.spend(String(holder));
  connections.recognise(asking.socket, holder);
  // Programs send none; a page in a browser cannot leave it out.
  if (asking.origin !== undefined) throw new Problem(403, 'from-a-page', 'Pages in browsers are not answered.');
  if (asking.method !== 'GET') throw new Problem(405, 'read-only', 'Only GET is answered.', { Allow: 'GET' });
  if (asking.url.length > urlLengthMax) throw new Problem(414, 'too-long', `An address has at most ${urlLengthMax} characters.`);
  if ((asking.length ?? '0') !== '0' || asking.encoding !== undefined) throw new Problem(413, 'body', 'A request has no body.');
  return holder;
}

function answer({ source }: ApiParts, resource: Resource, queries: Record<string, string[]>): unknown {
  const query = readQuery(resource.query, queries);
  const { cursor, limit: _, ...filters } = query;
  const scope = `${resource.name} ${JSON.stringify(Object.entries(filters).sort())}`;
  const before = typeof cursor === 'string' ? readCursor(scope, cursor, z.int().positive()) : null;
  return source.look((look) => {
    const { data, last = null } = resource.read(look, query, before);
    const meta: Meta = {
      asOf: look.record.lastFeedTime(),
      at: look.now,
      inRunsUpTo: look.record.keptInRunsUpTo(),
      next: last === null ? null : writeCursor(scope, last),
    };
    // What leaves is what the document says: a row that is not fails here and not at the reader's.
    return { data: resource.data.parse(data), meta: Meta.parse(meta) };
  });
}

/** Each name once, and none that is not known. @throws Problem 400, naming the first that is wrong */
export function readQuery<Query extends z.ZodObject>(schema: Query, queries: Record<string, string[]>): z.output<Query> {
  const twice = Object.entries(queries).find(([, values]) => values.length > 1);
  if (twice !== undefined) throw new Problem(400, 'bad-query', `${twice[0].slice(0, 50)}: given more than once.`);
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(queries).map(([name, values]) => [name, values[0]])));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Problem(400, 'bad-query', `${[...path.map(String), message].join(': ').slice(0, 200)}.`);
}
