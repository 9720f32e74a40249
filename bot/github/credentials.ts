import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { readSecretFile } from '#engine/secret-file.ts';

/** What the App is known by; nothing here is secret. */
export const AppFacts = z.strictObject({
  appId: z.number().int().positive(),
  slug: z.string().min(1),
  name: z.string().min(1),
  /** The App's page, where it is installed from. */
  url: z.string(),
  /** The root of the API it was made with. */
  apiUrl: z.string(),
});
export type AppFacts = z.infer<typeof AppFacts>;

export interface AppCredentials {
  readonly appId: number;
  /** RSA, PEM. */
  readonly privateKey: string;
  readonly webhookSecret: string;
}

const FILES = { facts: 'app.json', privateKey: 'private-key.pem', webhookSecret: 'webhook-secret' } as const;
const VARIABLES = {
  appId: 'RATCHET_APP_ID',
  privateKey: 'RATCHET_PRIVATE_KEY',
  webhookSecret: 'RATCHET_WEBHOOK_SECRET',
} as const;
/** Shorter ones can be guessed from one signed delivery. */
export const WEBHOOK_SECRET_LENGTH_MIN = 16;

/**
 * Reads who the bot is: from the environment (`RATCHET_APP_ID`, `RATCHET_PRIVATE_KEY` as PEM, `RATCHET_WEBHOOK_SECRET`), and
 * what stands not there from the folder that `ratchet bot setup` writes.
 * @throws RatchetError `github/no-credentials`, `github/credentials-exposed` when others may read a file,
 * `github/bad-credentials`, `github/webhook-secret`
 */
export function loadCredentials(dir: string, env: NodeJS.ProcessEnv): AppCredentials {
  const appId = env[VARIABLES.appId] || String(readFacts(dir).appId);
  if (!/^[1-9]\d{0,14}$/.test(appId)) throw bad(`${VARIABLES.appId} is no App's id`, 'Give the number on the App’s page.');
  // A PEM in one line of an environment file has its line ends written out.
  const privateKey = (env[VARIABLES.privateKey] || readSecret(dir, FILES.privateKey)).replaceAll('\\n', '\n');
  requireRsa(privateKey);
  const webhookSecret = (env[VARIABLES.webhookSecret] || readSecret(dir, FILES.webhookSecret)).trim();
  if (webhookSecret.length < WEBHOOK_SECRET_LENGTH_MIN) {
    throw new RatchetError(
      'github/webhook-secret',
      'The webhook secret is missing or short.',
      `Set one of at least ${WEBHOOK_SECRET_LENGTH_MIN} characters, here and on the App's page.`,
    );
  }
  return { appId: Number(appId), privateKey, webhookSecret };
}

/** @throws RatchetError `github/no-credentials` or `github/bad-credentials` */
export function readFacts(dir: string): AppFacts {
  const text = readSecret(dir, FILES.facts);
  try {
    return AppFacts.parse(JSON.parse(text));
  } catch (error) {
    throw bad(`${join(dir, FILES.facts)} does not parse`, 'Run ratchet bot setup again into another folder.', error);
  }
}

/** Whether a folder holds an App already. */
export function hasCredentials(dir: string): boolean {
  return existsSync(join(dir, FILES.facts));
}

/**
 * Keeps a new App for its owner alone (folder 0700, files 0600), never over another one. `app.json` comes last: with it the rest
 * is there.
 * @throws RatchetError `github/credentials-exist`
 */
export function saveCredentials(dir: string, facts: AppFacts, secrets: Omit<AppCredentials, 'appId'>): void {
  if (hasCredentials(dir)) throw taken(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  write(dir, FILES.privateKey, secrets.privateKey);
  write(dir, FILES.webhookSecret, secrets.webhookSecret);
  write(dir, FILES.facts, `${JSON.stringify(AppFacts.parse(facts), null, 2)}\n`);
}

/** Whole, or not at all; a half-made folder's files are replaced, those of an App are not. */
function write(dir: string, name: string, text: string): void {
  const path = join(dir, name);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  if (name !== FILES.facts) rmSync(path, { force: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    throw taken(dir, error);
  } finally {
    rmSync(draft);
  }
}

function readSecret(dir: string, name: string): string {
  const path = join(dir, name);
  return readSecretFile(path, {
    missing: {
      code: 'github/no-credentials',
      message: `${path} cannot be read, and the environment does not say it either.`,
      remedy: `Run ratchet bot setup, or name its folder with --credentials, or set ${Object.values(VARIABLES).join(', ')}.`,
    },
    exposed: {
      code: 'github/credentials-exposed',
      what: path,
      remedy: "make a new one on the App's page when it may have been read",
    },
  });
}

function requireRsa(pem: string): void {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // What the library says may quote the key.
    throw bad('The App’s private key is no PEM', 'Download a new one on the App’s page.');
  }
  if (key.asymmetricKeyType !== 'rsa') throw bad('The App’s private key is no RSA key', 'Download it on the App’s page.');
}

function bad(what: string, remedy: string, cause?: unknown): RatchetError {
  return new RatchetError('github/bad-credentials', `${what}.`, remedy, {}, cause);
}

function taken(dir: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'github/credentials-exist',
    `${dir} holds an App already.`,
    'Give another folder with --credentials, or remove that one when its App is gone.',
    { dir },
    cause,
  );
}
