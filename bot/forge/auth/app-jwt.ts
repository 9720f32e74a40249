import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError } from '#bot/forge/http/api-error.ts';
import { appById, appBySlug } from '#bot/forge/queries/accounts.ts';
import type { AppRow } from '#bot/forge/queries/rows.ts';

const Header = z.object({ alg: z.string() });
const Claims = z.object({ iss: z.union([z.string(), z.number()]), iat: z.number(), exp: z.number() });

const maxLifetimeSeconds = 600;
/** GitHub allows an issuing clock to run this far ahead. */
const clockDriftSeconds = 60;

/** Three parts between dots, the first of which opens a JSON object: a JWT, not one of our tokens. */
export function looksLikeJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}

/** The app that signed this JWT (RS256) for now; throws 401 with GitHub's sentence for each way it can be wrong. */
export function verifyAppJwt(forge: ForgeContext, token: string): AppRow {
  const [head, body, signature] = token.split('.');
  const header = parse(Header, head!);
  const claims = parse(Claims, body!);
  // Only RS256: an `alg` of "none", or HMAC with the public key as the secret, must not be looked at.
  if (header.alg !== 'RS256') throw undecodable();
  const issuer = String(claims.iss);
  const app = /^\d{1,15}$/.test(issuer)
    ? appById(forge.database, Number(issuer))
    : appBySlug(forge.database, issuer.replace(/^Iv1\./, ''));
  if (app === undefined) throw new ApiError(404, 'Integration not found');
  const valid = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${body}`),
    createPublicKey(app.public_key),
    Buffer.from(signature!, 'base64url'),
  );
  if (!valid) throw undecodable();
  const now = Math.floor(forge.clock() / 1000);
  if (claims.exp <= now)
    throw new ApiError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (claims.iat > now + clockDriftSeconds)
    throw new ApiError(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
  if (claims.exp - now > maxLifetimeSeconds || claims.exp - claims.iat > maxLifetimeSeconds + clockDriftSeconds) {
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  return app;
}

function undecodable(): ApiError {
  return new ApiError(401, 'A JSON web token could not be decoded');
}

function parse<Schema extends z.ZodType>(schema: Schema, part: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    throw undecodable();
  }
}
