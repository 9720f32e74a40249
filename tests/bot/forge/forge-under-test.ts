import { execFile } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { RegisteredApp } from '#bot/forge/administration.ts';
import { type Forge, startForge } from '#bot/forge/forge.ts';
import { createLog } from '#engine/log.ts';
import { preparedKeys } from '#tests/support/app-keys.ts';
import { type ContractWatch, watchContract } from '#tests/support/github-contract.ts';

const run = promisify(execFile);

export const owner = 'octo';
export const repo = 'strategies';
export const webhookSecret = 'a secret of the tests';

export interface ReceivedWebhook {
  event: string;
  action: string | null;
  delivery: string;
  payload: Record<string, unknown>;
}

/** A forge with a repository, four people and an app, seen through Octokit, git and a webhook receiver; everything is held against the contract. */
export interface World {
  dir: string;
  forge: Forge;
  app: RegisteredApp;
  installationId: number;
  tokens: { owner: string; writer: string; reader: string; stranger: string };
  webhooks: ReceivedWebhook[];
  contract: ContractWatch;
  /** Octokit as a person. */
  as(person: keyof World['tokens']): Octokit;
  /** Octokit with any Authorization, or none. */
  with(authorization: string | null): Octokit;
  /** Octokit as the app's installation. */
  bot(app?: RegisteredApp, installationId?: number): Octokit;
  /** Octokit as the app itself (JWT). */
  jwt(app?: RegisteredApp): Octokit;
  /** A clone that pushes with a token. */
  clone(token: string): Promise<Clone>;
  /** Waits for a webhook, or fails after five seconds saying what came instead. */
  webhook(event: string, action?: string, matches?: (payload: ReceivedWebhook['payload']) => boolean): Promise<ReceivedWebhook>;
  /** How the receiver answers from now on. */
  answerWebhooksWith(status: number): void;
  /** Stops the forge and starts it again on the same folder and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Clone {
  path: string;
  git(...args: string[]): Promise<string>;
  /** Writes files, commits them and gives the commit. */
  commit(message: string, files: Record<string, string | null>): Promise<string>;
}

export async function createWorld(
  options: { visibility?: 'public' | 'private'; clock?: () => number; requestsPerHour?: number } = {},
): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-forge-'));
  const log = createLog('error');
  const webhooks: ReceivedWebhook[] = [];
  let answer = 200;
  const newKeys = preparedKeys();
  const start = (port: number) =>
    startForge({
      dir: join(dir, 'forge'),
      port,
      log,
      newKeys,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.requestsPerHour === undefined ? {} : { requestsPerHour: options.requestsPerHour }),
    });
  let forge = await start(0);
  const contract = watchContract(() => `${forge.url}/api/v3`);
  const receiver = await startReceiver(contract, webhooks, () => answer);
  const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks`;
  for (const login of [owner, 'writer', 'reader', 'stranger']) forge.createUser({ login });
  forge.createRepository({ owner, name: repo, defaultBranch: 'main', visibility: options.visibility ?? 'public' });
  forge.setPermission(owner, repo, 'writer', 'write');
  forge.setPermission(owner, repo, 'reader', 'read');
  const app = forge.registerApp({ ...ratchetApp, webhookUrl });
  const { installationId } = forge.installApp(app.appId, owner, repo);
  const tokens = {
    owner: forge.createToken(owner),
    writer: forge.createToken('writer'),
    reader: forge.createToken('reader'),
    stranger: forge.createToken('stranger'),
  };
  const base = () => ({ baseUrl: `${forge.url}/api/v3`, request: { fetch: contract.fetch }, log: quiet });
  const world: World = {
    dir,
    get forge() {
      return forge;
    },
    app,
    installationId,
    tokens,
    webhooks,
    contract,
    as: (person) => new Octokit({ ...base(), auth: tokens[person] }),
    with: (authorization) => {
      const octokit = new Octokit(base());
      octokit.hook.before('request', (request) => {
        if (authorization !== null) request.headers.authorization = authorization;
      });
      return octokit;
    },
    bot: (which = app, id = installationId) =>
      new Octokit({
        ...base(),
        authStrategy: createAppAuth,
        auth: { appId: which.appId, privateKey: which.privateKeyPem, installationId: id },
      }),
    jwt: (which = app) =>
      new Octokit({ ...base(), authStrategy: createAppAuth, auth: { appId: which.appId, privateKey: which.privateKeyPem } }),
    clone: (token) => cloneWith(dir, `${forge.url}/${owner}/${repo}.git`, token),
    webhook: (event, action, matches = () => true) =>
      eventually(
        () =>
          webhooks.find(
            (hook) => hook.event === event && (action === undefined || hook.action === action) && matches(hook.payload),
          ),
        () =>
          `no webhook ${event} ${action ?? ''} among ${webhooks.map((hook) => `${hook.event}.${hook.action}`).join(', ') || 'none'}`,
      ),
    answerWebhooksWith: (status) => {
      answer = status;
    },
    async restart() {
      const port = Number(new URL(forge.url).port);
      await forge.close();
      forge = await start(port);
    },
    async close() {
      await forge.close();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

export const ratchetApp = {
  slug: 'ratchet',
  name: 'Ratchet',
  permissions: {
    contents: 'write',
    pull_requests: 'write',
    issues: 'write',
    checks: 'write',
    statuses: 'write',
    deployments: 'write',
  },
  events: [
    'push',
    'create',
    'delete',
    'pull_request',
    'pull_request_review',
    'issues',
    'issue_comment',
    'check_run',
    'check_suite',
    'status',
    'deployment',
    'deployment_status',
  ],
  webhookUrl: '',
  webhookSecret,
} as const;

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function startReceiver(contract: ContractWatch, webhooks: ReceivedWebhook[], answer: () => number): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = answer();
      const body = Buffer.concat(chunks);
      if (status < 300) {
        const given = Buffer.from(String(request.headers['x-hub-signature-256']));
        const wanted = Buffer.from(`sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`);
        const genuine = given.length === wanted.length && timingSafeEqual(given, wanted);
        const payload = JSON.parse(body.toString('utf8')) as ReceivedWebhook['payload'];
        const event = String(request.headers['x-github-event']);
        contract.webhook(genuine ? event : 'a webhook whose signature is false', payload);
        webhooks.push({
          event,
          action: (payload.action as string | undefined) ?? null,
          delivery: String(request.headers['x-github-delivery']),
          payload,
        });
      }
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const gitEnv = {
  PATH: process.env.PATH ?? '',
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

export async function cloneWith(dir: string, url: string, token: string): Promise<Clone> {
  const path = mkdtempSync(join(dir, 'clone-'));
  const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', ['-c', header, '-c', 'protocol.version=2', ...args], {
      cwd: path,
      env: gitEnv,
      maxBuffer: 64_000_000,
    });
    return stdout.trim();
  };
  const settings = ['user.name=A Person', 'user.email=person@example.org', 'core.autocrlf=false', 'maintenance.auto=false'];
  await git('clone', '--quiet', '--template=', ...settings.map((setting) => `--config=${setting}`), url, '.');
  return {
    path,
    git,
    async commit(message, files) {
      for (const [name, content] of Object.entries(files)) {
        const file = join(path, name);
        if (content === null) rmSync(file);
        else {
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, content);
        }
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--message', message);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** Polls until there is something, at most five seconds. */
export async function eventually<Found>(
  look: () => Found | undefined | null | false | Promise<Found | undefined | null | false>,
  otherwise: () => string,
): Promise<Found> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(otherwise());
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Pushes, at once, a first commit to main and, for each further branch, one commit on top of it. */
export async function seed(
  world: World,
  branches: Record<string, Record<string, string | null>> = {},
): Promise<{ clone: Clone; main: string; heads: Record<string, string> }> {
  const clone = await world.clone(world.tokens.owner);
  await clone.git('checkout', '--quiet', '-B', 'main');
  const main = await clone.commit('The first commit', { 'README.md': '# Strategies\n', 'a.txt': 'one\ntwo\nthree\n' });
  const heads: Record<string, string> = {};
  for (const [branch, files] of Object.entries(branches)) {
    await clone.git('checkout', '--quiet', '-b', branch, 'main');
    heads[branch] = await clone.commit(`Work on ${branch}`, files);
  }
  await clone.git('push', '--quiet', 'origin', 'main', ...Object.keys(branches));
  await clone.git('checkout', '--quiet', 'main');
  return { clone, main, heads };
}

/** The HTTP status a call was refused with; fails when it was not. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: string; errors: unknown }> {
  try {
    await call;
  } catch (error) {
    const { status, response } = error as { status: number; response?: { data: { message: string; errors?: unknown } } };
    if (response === undefined) throw error;
    return { status, message: response.data.message, errors: response.data.errors };
  }
  throw new Error('It was allowed.');
}
