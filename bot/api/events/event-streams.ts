import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type ApiParts, admit, readQuery } from '#bot/api/create-api.ts';
import { Problem, problemOf } from '#bot/api/problem.ts';
import type { Clock } from '#engine/clock.ts';
import { obeyedControl } from '#engine/runtime/control.ts';
import { ApiEvent, type EventType, eventTypes } from './event.ts';
import { assertKept, cursorOf, eventsAfter, type Place, placeNow, placeOf } from './read-events.ts';

const EventsQuery = z.strictObject({
  cursor: z.string().max(512).optional(),
  types: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(eventTypes)))
    .optional(),
});

export interface StreamLimits {
  /** Streams at once. */
  readonly clients: number;
  /** How often the record is looked at. */
  readonly pollMs: number;
  /** Silence after which a heartbeat is sent; who has not answered the one before is gone. */
  readonly heartbeatMs: number;
  /** Bytes that may wait for a reader; until they are taken it is sent nothing more. */
  readonly waitingBytes: number;
  /** So long that may last. */
  readonly slowMs: number;
}

export const standardLimits: StreamLimits = {
  clients: 16,
  pollMs: 250,
  heartbeatMs: 15_000,
  waitingBytes: 256 * 1024,
  slowMs: 30_000,
};

/** Events read at once for one reader. */
const portion = 200;
/** Reasons for which a stream is closed by this side; 4000 and above are ours. */
export const closings = { slow: 4408, gone: 4410, silent: 4411, spoke: 1008, going: 1001, failed: 1011 } as const;

interface Stream {
  readonly socket: WebSocket;
  readonly types: ReadonlySet<EventType> | null;
  place: Place;
  sentAt: number;
  /** Since when something waits; null while nothing does. */
  fullSince: number | null;
  hasAnswered: boolean;
}

/**
 * Tells readers what is recorded. Each is read for from its own place, and only as fast as it takes what was sent: a slow one lags, and
 * lags alone, until it is let go with a reason; it can come again with its last cursor, for nothing is kept in memory.
 */
export class EventStreams {
  readonly #parts: ApiParts;
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false, clientTracking: false });
  readonly #streams = new Set<Stream>();
  #cancel: () => void;

  constructor(parts: ApiParts, limits: StreamLimits, clock: Clock) {
    this.#parts = parts;
    this.#limits = limits;
    this.#clock = clock;
    this.#cancel = clock.after(limits.pollMs, () => this.#round());
  }

  get count(): number {
    return this.#streams.size;
  }

  /** Answers a request to change over to a websocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A peer that goes away in between is no news.
    socket.on('error', () => socket.destroy());
    try {
      const { types, place } = this.#admit(request);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#begin(webSocket, types, place));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status >= 500) this.#parts.log.error({ err: error }, 'a stream could not be begun');
      refuse(socket, problem);
    }
  }

  close(): void {
    this.#cancel();
    this.#cancel = () => undefined;
    for (const { socket } of this.#streams) {
      socket.close(closings.going, 'the API ends');
      socket.terminate();
    }
    this.#streams.clear();
    this.#server.close();
  }

  #admit(request: IncomingMessage): { types: ReadonlySet<EventType> | null; place: Place } {
    const { authorization, origin } = request.headers;
    admit(this.#parts, {
      url: request.url ?? '',
      method: request.method ?? '',
      authorization,
      origin,
      length: undefined,
      encoding: undefined,
      socket: request.socket,
    });
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      throw new Problem(400, 'no-websocket', 'Only HTTP/1.1 is spoken, and a websocket: leave out the header Upgrade.');
    const [path, query] = (request.url ?? '').split('?', 2);
    if (path !== '/v1/events') throw new Problem(404, 'no-resource', 'Events are told under /v1/events.');
    const asked = new URLSearchParams(query);
    if (this.#streams.size >= this.#limits.clients)
      throw new Problem(429, 'too-many-streams', `There are ${this.#limits.clients} streams already.`, { 'Retry-After': '10' });
    const names = [...new Set(asked.keys())];
    const { cursor, types } = readQuery(EventsQuery, Object.fromEntries(names.map((name) => [name, asked.getAll(name)])));
    return {
      types: types === undefined ? null : new Set(types),
      place: this.#parts.source.read((record) => {
        if (cursor === undefined) return placeNow(record);
        const place = placeOf(cursor);
        assertKept(record, place);
        return place;
      }),
    };
  }

  #begin(socket: WebSocket, types: Stream['types'], place: Place): void {
    const stream: Stream = { socket, types, place, sentAt: this.#clock.now(), fullSince: null, hasAnswered: true };
    this.#streams.add(stream);
    socket.on('close', () => this.#streams.delete(stream));
    socket.on('error', () => socket.terminate());
    socket.on('pong', () => {
      stream.hasAnswered = true;
    });
    socket.on('message', () => this.#end(stream, 'spoke', 'this stream only tells'));
    try {
      const { asOf, control } = this.#parts.source.read((record) => ({
        asOf: record.lastFeedTime(),
        control: obeyedControl(record),
      }));
      this.#send(stream, { type: 'hello', cursor: cursorOf(place), data: { asOf, control } });
      this.#tell(stream);
    } catch (error) {
      this.#fail(stream, error);
    }
  }

  #round(): void {
    for (const stream of [...this.#streams]) {
      try {
        this.#tell(stream);
      } catch (error) {
        this.#fail(stream, error);
      }
    }
    this.#cancel = this.#clock.after(this.#limits.pollMs, () => this.#round());
  }

  #tell(stream: Stream): void {
    const { waitingBytes, slowMs, heartbeatMs } = this.#limits;
    const now = this.#clock.now();
    // A clock that was set back would be waited for otherwise.
    stream.sentAt = Math.min(stream.sentAt, now);
    if (stream.socket.bufferedAmount > waitingBytes) {
      stream.fullSince = Math.min(stream.fullSince ?? now, now);
      if (now - stream.fullSince >= slowMs)
        this.#end(stream, 'slow', 'what was sent is not taken; come again with your last cursor');
      return;
    }
    stream.fullSince = null;
    const { told, place } = this.#parts.source.read((record) => eventsAfter(record, stream.place, portion));
    for (const { event, place } of told) {
      if (stream.types === null || stream.types.has(event.type))
        this.#send(stream, { ...event, cursor: cursorOf(place) } as ApiEvent);
    }
    stream.place = place;
    if (now - stream.sentAt < heartbeatMs) return;
    if (!stream.hasAnswered) {
      this.#end(stream, 'silent', 'the last ping was not answered');
      return;
    }
    stream.hasAnswered = false;
    stream.socket.ping();
    this.#send(stream, { type: 'heartbeat', cursor: cursorOf(stream.place), data: { at: now } });
  }

  #send(stream: Stream, event: ApiEvent): void {
    stream.sentAt = this.#clock.now();
    stream.socket.send(JSON.stringify(ApiEvent.parse(event)));
  }

  #end(stream: Stream, why: keyof typeof closings, reason: string): void {
    // Whatever it goes on to say, it is ended once.
    if (!this.#streams.delete(stream)) return;
    stream.socket.close(closings[why], reason);
    // Whoever does not take the goodbye either is not waited for.
    const cancel = this.#clock.after(5_000, () => stream.socket.terminate());
    stream.socket.once('close', cancel);
    this.#parts.log.warn({ why, reason }, 'a stream was ended');
  }

  #fail(stream: Stream, error: unknown): void {
    const problem = problemOf(error);
    if (problem.status === 410) {
      this.#end(stream, 'gone', problem.message);
      return;
    }
    this.#parts.log.error({ err: error }, 'a stream could not go on');
    this.#end(stream, 'failed', problem.message);
  }
}

function refuse(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem.body());
  const headers = {
    ...problem.headers,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // The other side need not close its own: until it did, the connection would stay for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\n${lines.join('')}\r\n${body}`);
}
