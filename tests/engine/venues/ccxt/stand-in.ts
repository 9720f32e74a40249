import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request as it came over the wire. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly form: URLSearchParams;
}

/** What is answered: a JSON body, or a status with it; `drop` closes the connection, `silence` never answers. */
export type Answer =
  | 'drop'
  | 'silence'
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | object;

/** An HTTP server on loopback that answers by path in an exchange's form, and writes down what it was asked. */
export class StandIn {
  readonly asked: Asked[] = [];
  readonly answers: Record<string, (asked: Asked) => Answer>;
  /** Streams that stand, and what came over them. */
  readonly streams = new Set<WebSocket>();
  readonly heard: Record<string, unknown>[] = [];
  url = '';
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(answers: Record<string, (asked: Asked) => Answer>) {
    this.answers = { ...answers };
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (stream) => {
        this.streams.add(stream);
        stream.on('close', () => this.streams.delete(stream));
        stream.on('message', (data) => this.heard.push(JSON.parse(String(data))));
      });
    });
  }

  static async start(answers: Record<string, (asked: Asked) => Answer>): Promise<StandIn> {
    const standIn = new StandIn(answers);
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    standIn.url = `http://127.0.0.1:${(standIn.#server.address() as AddressInfo).port}`;
    return standIn;
  }

  async stop(): Promise<void> {
    for (const stream of this.streams) stream.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests to a path, in order. */
  to(path: string): Asked[] {
    return this.asked.filter((asked) => asked.path === path);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    let body = '';
    for await (const chunk of request) body += chunk;
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      form: new URLSearchParams(body),
    };
    this.asked.push(asked);
    const answer = this.answers[`${asked.method} ${asked.path}`]?.(asked) ??
      this.answers[asked.path]?.(asked) ?? { status: 404, body: '' };
    if (answer === 'silence') return;
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    const isFull = 'status' in answer && 'body' in answer;
    const {
      status,
      body: content,
      headers,
    } = isFull ? (answer as { status: number; body: unknown; headers?: object }) : { status: 200, body: answer, headers: {} };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof content === 'string' ? content : JSON.stringify(content));
  }
}
