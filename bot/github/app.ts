import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Probot } from 'probot';
import { createNodeMiddleware, createProbot } from 'probot';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { notThere } from './app-client.ts';
import { clientWith, fetchWithin, mannersAt } from './client.ts';
import { WEBHOOK_SECRET_LENGTH_MIN } from './credentials.ts';
import type { PollingApi } from './editor-of.ts';
import { hear, type Listener } from './hear.ts';
import type { JobQueue } from './job-queue.ts';
import { RepositoryApi, type RepositoryName } from './repository-api.ts';

export type { RepositoryName };

export interface AppIdentity {
  /** GitHub's REST root: `https://api.github.com`, or a forge's. */
  readonly apiUrl: string;
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

/** The bot as a GitHub App: it hears what happens in one repository and turns it into jobs. */
export class RatchetApp {
  readonly #probot: Probot;
  readonly #installationId: number;
  readonly #server: Server;
  readonly api: RepositoryApi;
  /** The same installation without our words for it: for what only looks. */
  readonly client: PollingApi;
  /** The App's account as it appears as the author of pull requests and comments: `ratchet[bot]`. */
  readonly login: string;

  private constructor(
    probot: Probot,
    installationId: number,
    server: Server,
    api: RepositoryApi,
    client: PollingApi,
    login: string,
  ) {
    this.#probot = probot;
    this.#installationId = installationId;
    this.#server = server;
    this.api = api;
    this.client = client;
    this.login = login;
  }

  /**
   * Connects to the forge and listens for webhooks, by default on 127.0.0.1.
   * @param port 0 takes any free one.
   * @param onJobs called after jobs were added to `queue`.
   * @param health what `GET /health` answers
   */
  static async start(options: {
    identity: AppIdentity;
    repository: RepositoryName;
    queue: JobQueue;
    onJobs: () => void;
    port: number;
    host?: string;
    health?: () => object;
    log: Logger;
  }): Promise<RatchetApp> {
    const { identity, repository, queue, onJobs, port, host = '127.0.0.1', health = () => ({}), log } = options;
    if (identity.webhookSecret.length < WEBHOOK_SECRET_LENGTH_MIN) {
      throw new RatchetError(
        'github/webhook-secret',
        'The webhook secret is missing or short.',
        `Set one of at least ${WEBHOOK_SECRET_LENGTH_MIN} characters.`,
      );
    }
    const probot = createProbot({
      env: {},
      overrides: {
        appId: identity.appId,
        privateKey: identity.privateKey,
        secret: identity.webhookSecret,
        baseUrl: identity.apiUrl,
        log: log.child({ room: 'probot' }),
        request: { fetch: fetchWithin() },
        Octokit: clientWith({ manners: mannersAt(identity.apiUrl) }),
      },
    });
    const asApp = await probot.auth();
    const installation = await asApp.rest.apps
      .getRepoInstallation({ owner: repository.owner, repo: repository.name })
      .catch((error: unknown) => {
        throw notThere(error, identity, repository);
      });
    const login = `${installation.data.app_slug}[bot]`;
    const middleware = await createNodeMiddleware((app) => listen(app, { ...repository, login }, queue, onJobs), {
      probot,
      webhooksPath: '/webhooks',
    });
    const octokit = await probot.auth(installation.data.id);
    const api = new RepositoryApi(octokit, repository, identity.appId);
    const server = createServer((request, response) => {
      if (request.method === 'GET' && request.url === '/health') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(health()));
        return;
      }
      if (isTooLarge(request)) {
        response.writeHead(413, { connection: 'close' }).end();
        return;
      }
      // Nobody else looks at this promise; the sender tries again when the connection breaks.
      Promise.resolve(middleware(request, response, () => response.writeHead(404).end())).catch((error: unknown) => {
        log.error({ err: error }, 'A request to the webhook server could not be answered.');
        response.destroy();
      });
    });
    await listening(server, port, host);
    server.on('error', (error) => log.error({ err: error }, 'The webhook server has trouble.'));
    return new RatchetApp(probot, installation.data.id, server, api, octokit, login);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A token to push with; valid for an hour. */
  async pushToken(): Promise<string> {
    const asApp = await this.#probot.auth();
    const { data } = await asApp.rest.apps.createInstallationAccessToken({ installation_id: this.#installationId });
    return data.token;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** GitHub sends no payload above 25 MB; nobody else is worth the memory. */
const PAYLOAD_BYTES_MAX = 25 * 1024 * 1024;

/** Says yes to a body of unknown length too: GitHub always tells it. */
function isTooLarge(request: IncomingMessage): boolean {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  return request.method === 'POST' && !(length <= PAYLOAD_BYTES_MAX);
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

/** Probot has checked the signature before it calls; the delivery's id is looked at only then. */
function listen(app: Probot, listener: Listener, queue: JobQueue, onJobs: () => void): void {
  app.onAny(async ({ id, name, payload }) => {
    if (queue.accept(id, name, hear(name, payload, listener, Date.now()))) onJobs();
  });
}
