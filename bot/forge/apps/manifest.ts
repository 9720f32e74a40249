import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type RegisteredApp, registerApp } from '#bot/forge/administration.ts';
import { hashToken } from '#bot/forge/auth/tokens.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { appById, appBySlug } from '#bot/forge/queries/accounts.ts';
import type { AppRow } from '#bot/forge/queries/rows.ts';

const Url = z.url({ protocol: /^https?$/ });

/** What a program posts to have an app made of it (GitHub: "Registering a GitHub App from a manifest"). */
export const AppManifest = z.object({
  name: z.string().trim().min(1).max(34),
  url: Url,
  hook_attributes: z.object({ url: Url, active: z.boolean().default(true) }).optional(),
  redirect_url: Url.optional(),
  setup_url: Url.optional(),
  description: z.string().default(''),
  public: z.boolean().default(false),
  default_events: z.array(z.string()).default([]),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])).default({}),
});
export type AppManifest = z.infer<typeof AppManifest>;

/** A code is good for an hour, and once. */
const CODE_MS = 60 * 60 * 1000;

/** @throws ApiError 422 that names what is wrong with it */
export function readManifest(text: unknown): AppManifest {
  const value = typeof text === 'string' ? jsonIn(text) : undefined;
  const parsed = AppManifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiError(422, `The manifest cannot be used: ${issue?.path.join('.') || 'it'}: ${issue?.message}.`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Makes the app that a person has agreed to.
 * @param name may differ from the manifest's: names are taken
 * @returns the code that hands its keys over
 */
export function createFromManifest(forge: ForgeContext, owner: string, name: string, manifest: AppManifest): string {
  const slug = slugOf(name);
  if (slug === '') throw new ApiError(422, 'A name needs letters or digits.');
  if (appBySlug(forge.database, slug) !== undefined) throw new ApiError(422, `The name ${name} is already taken.`);
  const app = registerApp(forge, {
    slug,
    name,
    owner,
    permissions: manifest.default_permissions,
    // There is no merge queue here, and nothing to say of one.
    events: manifest.default_events.filter((event) => event !== 'merge_group'),
    webhookUrl: manifest.hook_attributes?.active === false ? '' : (manifest.hook_attributes?.url ?? ''),
    webhookSecret: randomBytes(20).toString('hex'),
    ...(manifest.setup_url === undefined ? {} : { setupUrl: manifest.setup_url }),
  });
  const code = randomBytes(20).toString('hex');
  insertRow(forge.database, 'app_conversions', {
    code_hash: hashToken(code),
    app_id: app.appId,
    expires_at: forge.clock() + CODE_MS,
  });
  return code;
}

/** The app behind a code, with its keys; the code is spent. @throws ApiError 404 for one that is unknown, spent or past its hour */
export function convert(forge: ForgeContext, code: string): { app: AppRow; keys: RegisteredApp } {
  return forge.database.transaction(() => {
    const row = forge.database
      .prepare<[string], { app_id: number; expires_at: number }>(
        'DELETE FROM app_conversions WHERE code_hash = ? RETURNING app_id, expires_at',
      )
      .get(hashToken(code));
    if (row === undefined || row.expires_at <= forge.clock()) throw notFound();
    const app = appById(forge.database, row.app_id)!;
    // Registering it once more finds it, and reads its key.
    const keys = registerApp(forge, {
      slug: app.slug,
      name: app.name,
      permissions: JSON.parse(app.permissions) as Record<string, 'read' | 'write'>,
      events: JSON.parse(app.events) as string[],
      webhookUrl: app.webhook_url,
      webhookSecret: app.webhook_secret,
      ...(app.setup_url === null ? {} : { setupUrl: app.setup_url }),
    });
    return { app, keys };
  })();
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
