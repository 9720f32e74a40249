import { createHash, randomBytes } from 'node:crypto';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';

/** Installation tokens live one hour, as GitHub's do. */
export const installationTokenMs = 60 * 60 * 1000;

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Makes a personal access token; only its hash is kept. */
export function issuePersonalToken(forge: ForgeContext, userId: number): string {
  const token = `ghp_${randomText(36)}`;
  insertRow(forge.database, 'tokens', { hash: hashToken(token), user_id: userId, created_at: forge.clock() });
  return token;
}

/** Makes an installation token with a subset of the app's permissions; only its hash is kept. */
export function issueInstallationToken(
  forge: ForgeContext,
  installationId: number,
  permissions: Readonly<Record<string, string>>,
  repositoryIds: readonly number[] | null,
): { token: string; expiresAt: number } {
  const token = `ghs_${randomText(36)}`;
  const now = forge.clock();
  const expiresAt = now + installationTokenMs;
  forge.database.prepare('DELETE FROM tokens WHERE expires_at < ?').run(now);
  insertRow(forge.database, 'tokens', {
    hash: hashToken(token),
    installation_id: installationId,
    permissions: JSON.stringify(permissions),
    repository_ids: repositoryIds === null ? null : JSON.stringify(repositoryIds),
    created_at: now,
    expires_at: expiresAt,
  });
  return { token, expiresAt };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomText(length: number): string {
  // 62 divides 248: bytes above are thrown away so that every letter is equally likely.
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}
