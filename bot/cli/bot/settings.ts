import { z } from 'zod';
import type { RepositoryName } from '#bot/github/app.ts';
import { ModelSettings } from '#bot/proposers/claude/settings.ts';
import { RatchetError } from '#engine/errors.ts';
import { SecureUrl } from '#engine/secure-url.ts';
import { NightSettings } from '../night-settings.ts';

export const GITHUB_API = 'https://api.github.com';

/** `owner/name`, as GitHub writes it. */
const FullName = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'a repository is named owner/name');

/** How the bot works against GitHub. Beside `Config`, in the same file, environment and flags. */
export const BotSettings = z.strictObject({
  ...ModelSettings.shape,
  ...NightSettings.shape,
  workspace: z.string().min(1).default('var'),
  repository: FullName.optional(),
  apiUrl: SecureUrl.default(GITHUB_API),
  /** Where git fetches from; by default what goes with the API. */
  remoteUrl: z.string().min(1).optional(),
  /** The folder that `ratchet bot setup` writes; by default `github` in the workspace. */
  credentials: z.string().min(1).optional(),
  /** Where webhooks arrive: a reverse proxy with TLS stands before it. */
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i, 'it is HOST:PORT')
    .default('127.0.0.1:7412'),
  /** How often the repository is looked at beside webhooks; 0 leaves it to them. */
  pollSeconds: z.coerce.number().int().min(0).max(86_400).default(30),
  candles: z.string().min(1).optional(),
  /** The private half of a gate key of policies/keys.yaml; by default `keys/gate.pem` in the workspace. */
  gateKey: z.string().min(1).optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type BotSettings = z.infer<typeof BotSettings>;

/** @throws RatchetError `bot/usage` when it was not said which */
export function repositoryNameOf({ repository }: Pick<BotSettings, 'repository'>): RepositoryName {
  const [owner, name] = repository?.split('/') ?? [];
  if (owner !== undefined && name !== undefined) return { owner, name };
  throw new RatchetError(
    'bot/usage',
    'It was not said which repository the bot works for.',
    'Give --repository owner/name, or repository: in ratchet.yaml.',
  );
}

/** The root of the pages that go with an API: GitHub's own, or a server's whose API is `/api/v3`. */
export function webRootOf(apiUrl: string): string {
  return apiUrl === GITHUB_API ? 'https://github.com' : apiUrl.replace(/\/api\/v3$/, '');
}

/** Where git finds a repository whose API is at `apiUrl`. */
export function remoteUrlOf(apiUrl: string, { owner, name }: RepositoryName): string {
  return `${webRootOf(apiUrl)}/${owner}/${name}.git`;
}

/** `[::1]:7412` → host `::1`, port 7412. */
export function listenAt({ listen }: Pick<BotSettings, 'listen'>): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
