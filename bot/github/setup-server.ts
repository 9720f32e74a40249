import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RatchetError } from '#engine/errors.ts';
import { APP_PERMISSIONS, appManifest } from './app-manifest.ts';
import type { AppFacts } from './credentials.ts';
import { exchangeCode, type NewApp } from './exchange-code.ts';
import { contentSecurityPolicy, donePage, startPage, troublePage } from './setup-pages.ts';

export interface SetupOptions {
  readonly apiUrl: string;
  /** GitHub's page on which an App is made: of an account, or of an organisation. */
  readonly newAppUrl: string;
  readonly name: string;
  readonly homepage: string;
  readonly webhookUrl: string | null;
  readonly port: number;
  /** Keeps the new App. Called once, before anybody is told of it. */
  readonly keep: (app: NewApp) => void;
  /** Where that is, for the page. */
  readonly dir: string;
}

export interface AppSetup {
  /** Where a person begins, in a browser on this machine. */
  readonly url: string;
  /** Resolves with the App when it is made and kept. */
  readonly made: Promise<AppFacts>;
  close(): Promise<void>;
}

/** Pages on 127.0.0.1 that make the App with a person's click on GitHub: the manifest goes there, a code comes back. */
export async function startSetup(options: SetupOptions): Promise<AppSetup> {
  const state = randomBytes(24).toString('hex');
  let resolveMade = (_facts: AppFacts): void => {};
  const made = new Promise<AppFacts>((resolve) => {
    resolveMade = resolve;
  });
  let exchange: 'none' | 'running' | 'done' = 'none';
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve());
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = `${options.newAppUrl}?state=${state}`;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, html: string): void => {
      response
        .writeHead(status, {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': contentSecurityPolicy(target),
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
        })
        .end(html);
    };
    const url = new URL(request.url ?? '/', origin);
    // Another name that leads here is somebody else's page trying to read this one.
    if (request.headers.host !== new URL(origin).host) send(421, troublePage(`Open ${origin} instead.`));
    else if (request.method !== 'GET') send(405, troublePage('There is nothing to be sent here.'));
    else if (url.pathname === '/') {
      const { name, homepage, webhookUrl } = options;
      const manifest = appManifest({ name, homepage, webhookUrl, redirectUrl: `${origin}/made` });
      send(200, startPage({ target, manifest, permissions: APP_PERMISSIONS }));
    } else if (url.pathname === '/made') await takeCode(url.searchParams, send);
    else send(404, troublePage('There is no such page.'));
  };

  const takeCode = async (query: URLSearchParams, send: (status: number, html: string) => void): Promise<void> => {
    const code = query.get('code') ?? '';
    if (!isSame(query.get('state') ?? '', state))
      return send(400, troublePage(`This answer belongs to another request. Start again at ${origin}.`));
    if (!/^[A-Za-z0-9_-]{1,200}$/.test(code)) return send(400, troublePage(`GitHub gave no code. Start again at ${origin}.`));
    if (exchange !== 'none') return send(409, troublePage('This code has been used; the App is made.'));
    exchange = 'running';
    try {
      const app = await exchangeCode(options.apiUrl, code);
      options.keep(app);
      exchange = 'done';
      const { name, url } = app.facts;
      send(200, donePage({ name, installUrl: `${url}/installations/new`, dir: options.dir }));
      resolveMade(app.facts);
    } catch (error) {
      exchange = 'none';
      if (!(error instanceof RatchetError)) throw error;
      send(error.code === 'setup/unreachable' ? 502 : 400, troublePage(`${error.message} ${error.remedy}`));
    }
  };

  return { url: origin, made, close: () => closed(server) };
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function closed(server: Server): Promise<void> {
  server.closeIdleConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
