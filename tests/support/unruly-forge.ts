import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request. */
export type Trouble =
  /** Refused before the forge hears of it. */
  | { readonly kind: 'refuse'; readonly status: number; readonly headers?: Record<string, string>; readonly message?: string }
  /** Done by the forge, and the answer lost on the way. */
  | { readonly kind: 'lose-answer' }
  /** The connection ends before the forge hears of it. */
  | { readonly kind: 'cut' }
  /** Nothing comes back, ever. */
  | { readonly kind: 'silence' };

interface Rule {
  readonly matches: (request: string) => boolean;
  readonly trouble: Trouble;
  left: number;
}

/** A forge's API behind a line that misbehaves on demand; git and pages are reached directly. */
export interface UnrulyForge {
  readonly apiUrl: string;
  /** What was asked, as `GET /repos/…`, in order. */
  readonly asked: readonly string[];
  /** From now on the next `times` requests that match go wrong. */
  misbehave(matches: RegExp, trouble: Trouble, times?: number): void;
  /** Ends whatever trouble is left. */
  behave(): void;
  /** Resolves with the next request that matches, which then waits until it is let go; for killing somebody in the middle. */
  hold(matches: RegExp): { readonly held: Promise<void>; release(): void };
  close(): Promise<void>;
}

/** @param forgeUrl the forge's root, without `/api/v3` */
export async function startUnrulyForge(forgeUrl: string): Promise<UnrulyForge> {
  const asked: string[] = [];
  const rules: Rule[] = [];
  const holds: { matches: RegExp; reached: () => void; released: Promise<void> }[] = [];

  const forward = async (request: IncomingMessage, response: ServerResponse, isLost: boolean): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answer = await fetch(`${forgeUrl}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (isLost) {
      response.writeHead(502, { 'content-type': 'application/json' }).end('{"message":"Server Error"}');
      return;
    }
    const { 'content-encoding': _encoding, 'transfer-encoding': _transfer, ...kept } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, kept).end(body);
  };

  const server = createServer(async (request, response) => {
    const what = `${request.method} ${request.url}`;
    asked.push(what);
    const hold = holds.find(({ matches }) => matches.test(what));
    if (hold !== undefined) {
      hold.reached();
      await hold.released;
    }
    const rule = rules.find(({ matches, left }) => left > 0 && matches(what));
    if (rule !== undefined) rule.left -= 1;
    const trouble = rule?.trouble;
    if (trouble?.kind === 'silence') return;
    if (trouble?.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    if (trouble?.kind === 'refuse') {
      response
        .writeHead(trouble.status, { 'content-type': 'application/json', ...trouble.headers })
        .end(JSON.stringify({ message: trouble.message ?? 'No' }));
      return;
    }
    await forward(request, response, trouble?.kind === 'lose-answer').catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`,
    asked,
    misbehave: (matches, trouble, times = 1) => {
      rules.push({ matches: (request) => matches.test(request), trouble, left: times });
    },
    behave: () => {
      rules.length = 0;
    },
    hold: (matches) => {
      let release = (): void => {};
      let reached = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const held = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const entry = { matches, reached, released };
      holds.push(entry);
      return {
        held,
        release: () => {
          holds.splice(holds.indexOf(entry), 1);
          release();
        },
      };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
