import type { ForgeContext } from '#bot/forge/context.ts';
import { badCredentials } from '#bot/forge/http/api-error.ts';
import { appById, installationById, tokenByHash, userById } from '#bot/forge/queries/accounts.ts';
import type { Actor, Permissions } from './actor.ts';
import { looksLikeJwt, verifyAppJwt } from './app-jwt.ts';
import { hashToken } from './tokens.ts';

/** Who an Authorization header speaks for (Bearer, token, or Basic with the token as password). Throws 401 for one that speaks for nobody. */
export function identify(forge: ForgeContext, authorization: string | undefined): Actor {
  if (authorization === undefined || authorization === '') return { kind: 'anonymous' };
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, space).toLowerCase();
  const rest = authorization.slice(space + 1).trim();
  switch (scheme) {
    case 'bearer':
    case 'token':
      return looksLikeJwt(rest) ? { kind: 'app', app: verifyAppJwt(forge, rest) } : actorOfToken(forge, rest);
    case 'basic':
      return actorOfBasic(forge, rest);
    default:
      throw badCredentials();
  }
}

function actorOfBasic(forge: ForgeContext, encoded: string): Actor {
  const [name, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // git sends `x-access-token:TOKEN`, some programs send the token as the name with an empty password.
  const token = password.join(':');
  return actorOfToken(forge, token === '' || token === 'x-oauth-basic' ? (name ?? '') : token);
}

/** Whom a token belongs to; throws 401 when it is unknown or past its time. */
export function actorOfToken(forge: ForgeContext, token: string): Actor {
  const row = tokenByHash(forge.database, hashToken(token));
  if (row === undefined) throw badCredentials();
  if (row.expires_at !== null && row.expires_at <= forge.clock()) throw badCredentials();
  if (row.user_id !== null) return { kind: 'user', user: userById(forge.database, row.user_id) };
  const installation = installationById(forge.database, row.installation_id!)!;
  const app = appById(forge.database, installation.app_id)!;
  return {
    kind: 'installation',
    user: userById(forge.database, app.bot_user_id),
    app,
    installation,
    permissions: JSON.parse(row.permissions ?? '{}') as Permissions,
    repositoryIds: row.repository_ids === null ? null : (JSON.parse(row.repository_ids) as number[]),
  };
}
