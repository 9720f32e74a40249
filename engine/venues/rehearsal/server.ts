import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Dialect, RestAnswer, RestRequest, StreamSession } from './dialect.ts';
import { Faults, type RestFault } from './faults.ts';
import { Stream } from './stream.ts';

export interface ServerOptions {
  readonly dialect: Dialect;
  readonly clock: Clock;
  /** How often streams say how the markets stand. Default: every second. */
  readonly pulseMs?: number;
  /** Default: any free one. */
  readonly port?: number;
}

/** One request that came in. */
export interface Call {
  /** As faults name it; for what came by websocket `socket`, its method and its channel: `socket subscribe executions`. */
  readonly name: string;
  /** By the server's clock. */
  readonly time: number;
  readonly fault: RestFault['kind'] | null;
}

const rememberedCalls = 1_000;
const largestBody = 1_000_000;

/** A dialect on a loopback port, HTTP and websocket, with faults between it and its clients. */
export class RehearsalServer {
  readonly faults = new Faults();
  readonly #dialect: Dialect;
  readonly #clock: Clock;
  readonly #pulseMs: number;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #connections = new Set<Socket>();
  readonly #streams = new Map<Stream, StreamSession>();
  readonly #calls: Call[] = [];
  /** What is no exchange's: by path, beside the dialect and out of reach of faults. */
  readonly #aside = new Map<string, (request: RestRequest) => Promise<RestAnswer>>();
  #port: number;
  #isSilent = false;
  #cancelPulse: (() => void) | null = null;

  private constructor({ dialect, clock, pulseMs = 1_000, port = 0 }: ServerOptions) {
    this.#dialect = dialect;
    this.#clock = clock;
    this.#pulseMs = pulseMs;
    this.#port = port;
    this.#http = createServer((incoming, response) => void this.#serve(incoming, response));
    this.#http.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#http.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket, request.url ?? '/'));
    });
  }

  /** @throws RatchetError `rehearsal/no-port` */
  static async open(options: ServerOptions): Promise<RehearsalServer> {
    const server = new RehearsalServer(options);
    await server.up();
    return server;
  }

  /** `http://127.0.0.1:PORT` */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The newest requests, oldest first. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** How many clients listen. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** Requests for this path are answered like that instead of by the dialect. */
  aside(path: string, answer: (request: RestRequest) => Promise<RestAnswer>): void {
    this.#aside.set(path, answer);
  }

  /** Streams stay open and say nothing any more, not even that they are alive. */
  silence(): void {
    this.#isSilent = true;
    for (const stream of this.#streams.keys()) stream.silence();
  }

  /** Streams opened from now on speak again. */
  speak(): void {
    this.#isSilent = false;
  }

  /** Breaks every stream. */
  dropStreams(): void {
    for (const stream of this.#streams.keys()) stream.drop();
  }

  /** Breaks every connection and refuses new ones until `up`. */
  async down(): Promise<void> {
    this.dropStreams();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  /** At the same port as before. @throws RatchetError `rehearsal/no-port` */
  async up(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error) => reject(noPort(this.#port, error));
      this.#http.once('error', refuse);
      this.#http.listen(this.#port, '127.0.0.1', () => {
        this.#http.off('error', refuse);
        resolve();
      });
    });
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#cancelPulse?.();
    this.#cancelPulse = null;
    if (this.#http.listening) await this.down();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    if (body === null) {
      incoming.socket.destroy();
      return;
    }
    const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
    const request: RestRequest = { method: incoming.method ?? 'GET', path, query, headers: incoming.headers, body };
    const aside = this.#aside.get(path);
    if (aside !== undefined) return send(response, await aside(request));
    const name = this.#dialect.nameOf(request);
    const fault = this.faults.take(name);
    this.#remember({ name, time: this.#clock.now(), fault: fault?.kind ?? null });
    if (fault?.kind === 'delay') this.#clock.after(fault.ms, () => send(response, this.#dialect.answer(request)));
    else send(response, this.#meet(request, fault));
  }

  /** What goes back to the client: an answer, the end of the connection, or nothing at all. */
  #meet(request: RestRequest, fault: Exclude<RestFault, { kind: 'delay' }> | null): RestAnswer | 'break' | 'nothing' {
    const answer = () => this.#dialect.answer(request);
    if (fault === null) return answer();
    switch (fault.kind) {
      case 'timeout-before':
        return 'nothing';
      case 'timeout-after':
        answer();
        return 'nothing';
      case 'drop-before':
        return 'break';
      case 'drop-after':
        answer();
        return 'break';
      case 'duplicate': {
        const first = answer();
        answer();
        return first;
      }
      case 'malformed': {
        const { body } = fault.isDone === false ? this.#dialect.failure({ kind: 'busy' }) : answer();
        const text = JSON.stringify(body);
        return { status: 200, body: text.slice(0, Math.ceil(text.length / 2)) };
      }
      default:
        if ('isDone' in fault && fault.isDone === true) answer();
        return this.#dialect.failure(fault);
    }
  }

  #connect(webSocket: WebSocket, path: string): void {
    const stream = new Stream(webSocket, (channel) => this.faults.takeMessage(channel));
    const session = this.#dialect.connect(stream, path);
    this.#streams.set(stream, session);
    if (this.#isSilent) stream.silence();
    webSocket.on('message', (data) => {
      const message = parsed(String(data));
      if (message === undefined || stream.isSilent) return;
      this.#remember({ name: socketCall(message), time: this.#clock.now(), fault: null });
      session.receive(message);
    });
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => {
      session.close();
      this.#streams.delete(stream);
    });
    this.#pulse();
  }

  #pulse(): void {
    if (this.#cancelPulse !== null) return;
    // At whole multiples of the exchange's time, so that a bar's end is told when it comes.
    const wait = this.#pulseMs - (this.#clock.now() % this.#pulseMs);
    this.#cancelPulse = this.#clock.after(wait, () => {
      this.#cancelPulse = null;
      for (const session of this.#streams.values()) session.pulse();
      if (this.#streams.size > 0) this.#pulse();
    });
  }

  #remember(call: Call): void {
    this.#calls.push(call);
    if (this.#calls.length > rememberedCalls) this.#calls.shift();
  }
}

function noPort(port: number, cause: Error): RatchetError {
  const remedy = 'Name another with --port, or none to take a free one.';
  return new RatchetError('rehearsal/no-port', `The exchange cannot listen at port ${port}.`, remedy, { port }, cause);
}

/** A body that is text is sent as it is. */
function send(response: ServerResponse, answer: RestAnswer | 'break' | 'nothing'): void {
  if (response.destroyed || answer === 'nothing') return;
  if (answer === 'break') {
    response.socket?.destroy();
    return;
  }
  const { status, headers, body } = answer;
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function socketCall(message: object): string {
  const { method, params } = message as { method?: unknown; params?: { channel?: unknown } };
  return ['socket', method, params?.channel].filter((part) => typeof part === 'string').join(' ');
}

/** Null when the client went away or sends too much. */
async function bodyOf(incoming: IncomingMessage): Promise<string | null> {
  let body = '';
  try {
    for await (const piece of incoming) {
      body += String(piece);
      if (body.length > largestBody) return null;
    }
  } catch {
    return null;
  }
  return body;
}

/** An object, or undefined. */
function parsed(text: string): object | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
