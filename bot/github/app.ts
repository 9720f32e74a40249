import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Probot } from 'probot';
import { createNodeMiddleware, createProbot, ProbotOctokit } from 'probot';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { Job, JobQueue } from './job-queue.ts';
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
  /** The App's account as it appears as the author of pull requests and comments: `ratchet[bot]`. */
  readonly login: string;

  private constructor(probot: Probot, installationId: number, server: Server, api: RepositoryApi, login: string) {
    this.#probot = probot;
    this.#installationId = installationId;
    this.#server = server;
    this.api = api;
    this.login = login;
  }

  /**
   * Connects to the forge and listens for webhooks on 127.0.0.1.
   * @param port 0 takes any free one.
   * @param onJobs called after jobs were added to `queue`.
   */
  static async start(options: {
    identity: AppIdentity;
    repository: RepositoryName;
    queue: JobQueue;
    onJobs: () => void;
    port: number;
    log: Logger;
  }): Promise<RatchetApp> {
    const { identity, repository, queue, onJobs, port, log } = options;
    if (identity.webhookSecret.length < 16) {
      throw new RatchetError(
        'github/webhook-secret',
        'The webhook secret is missing or short.',
        'Set one of at least 16 characters.',
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
        Octokit: clientFor(identity.apiUrl),
      },
    });
    const middleware = await createNodeMiddleware((app) => listen(app, repository, queue, onJobs), {
      probot,
      webhooksPath: '/webhooks',
    });
    const asApp = await probot.auth();
    const installation = await asApp.rest.apps.getRepoInstallation({ owner: repository.owner, repo: repository.name });
    const octokit = await probot.auth(installation.data.id);
    const api = new RepositoryApi(octokit, repository, identity.appId);
    const server = createServer((request, response) => {
      // Nobody else looks at this promise; the sender tries again when the connection breaks.
      Promise.resolve(middleware(request, response, () => response.writeHead(404).end())).catch((error: unknown) => {
        log.error({ err: error }, 'A request to the webhook server could not be answered.');
        response.destroy();
      });
    });
    await listening(server, port);
    server.on('error', (error) => log.error({ err: error }, 'The webhook server has trouble.'));
    return new RatchetApp(probot, installation.data.id, server, api, `${installation.data.app_slug}[bot]`);
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

/** GitHub asks for one write a second; a forge on this machine does not. */
function clientFor(apiUrl: string): typeof ProbotOctokit {
  const isLocal = new URL(apiUrl).hostname === '127.0.0.1';
  if (!isLocal) return ProbotOctokit;
  return ProbotOctokit.defaults((defaults: object) => ({ ...defaults, throttle: { enabled: false }, retry: { enabled: false } }));
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function listen(app: Probot, repository: RepositoryName, queue: JobQueue, onJobs: () => void): void {
  const isOurs = (payload: { repository?: { name: string; owner: { login?: string | null } | null } }): boolean =>
    payload.repository?.owner?.login === repository.owner && payload.repository.name === repository.name;
  const take = (id: string, event: string, jobs: readonly Job[]): void => {
    if (queue.accept(id, event, jobs) && jobs.length > 0) onJobs();
  };

  // An edited one is looked at too: its text must go on saying what the evidence says.
  const events = ['opened', 'synchronize', 'reopened', 'edited'] as const;
  app.on(
    events.map((action) => `pull_request.${action}` as const),
    async ({ id, name, payload }) => {
      if (isOurs(payload)) take(id, name, [{ kind: 'gates', number: payload.pull_request.number }]);
    },
  );

  app.on('issue_comment.created', async ({ id, name, payload }) => {
    if (!isOurs(payload) || payload.comment.user?.type === 'Bot') return;
    const author = payload.comment.user?.login;
    if (author === undefined) return;
    take(id, name, [
      {
        kind: 'comment',
        number: payload.issue.number,
        commentId: payload.comment.id,
        author,
        body: payload.comment.body,
        isPullRequest: payload.issue.pull_request !== undefined && payload.issue.pull_request !== null,
      },
    ]);
  });

  app.on('push', async ({ id, name, payload }) => {
    if (!isOurs(payload)) return;
    if (payload.ref === `refs/heads/${payload.repository.default_branch}`) take(id, name, [{ kind: 'main-moved' }]);
    if (payload.ref === 'refs/heads/ratchet/state') take(id, name, [{ kind: 'state-moved' }]);
  });
}
