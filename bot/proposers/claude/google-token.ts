import { sign } from 'node:crypto';
import { z } from 'zod';
import type { Credential } from './access.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const LIFETIME_S = 3_600;
const Answer = z.looseObject({ access_token: z.string().min(1) });

type ServiceAccount = Extract<Credential, { kind: 'service-account' }>;

/** Google did not give one; `status` as it answered. */
export class TokenRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`No token was given (${status}).`);
    this.status = status;
  }
}

/**
 * A token of an hour for a service account: what it signs is exchanged for one (RFC 7523, 2.1, with the claims of its section 3).
 * @param now UTC milliseconds
 * @throws TokenRefused; or what `fetch` throws when there is no answer
 */
export async function googleToken(
  { email, privateKey, tokenUrl }: ServiceAccount,
  now: number,
  signal: AbortSignal,
): Promise<string> {
  const issuedAt = Math.floor(now / 1_000);
  const claims = { iss: email, scope: SCOPE, aud: tokenUrl, iat: issuedAt, exp: issuedAt + LIFETIME_S };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => encoded(JSON.stringify(part))).join('.');
  const signature = sign('RSA-SHA256', Buffer.from(signed), privateKey);
  const response = await fetch(tokenUrl, {
    method: 'POST',
    // A redirect would carry what is signed to where nobody has configured it.
    redirect: 'error',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: `${signed}.${encoded(signature)}`,
    }),
    signal,
  });
  if (!response.ok) throw new TokenRefused(response.status);
  const answer = Answer.safeParse(await response.json().catch(() => null));
  if (!answer.success) throw new TokenRefused(response.status);
  return answer.data.access_token;
}

function encoded(data: string | Buffer): string {
  return Buffer.from(data).toString('base64url');
}
