import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { actorOfToken } from '#bot/forge/auth/identify.ts';
import { hashToken } from '#bot/forge/auth/tokens.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { ApiError } from '#bot/forge/http/api-error.ts';
import { userByLogin } from '#bot/forge/queries/accounts.ts';
import type { UserRow } from '#bot/forge/queries/rows.ts';
import { RatchetError } from '#engine/errors.ts';

/** Who reads a page. A member came through a login link and may write; anyone else may look at what is public. */
export type Visitor =
  | { readonly kind: 'reader' }
  | {
      readonly kind: 'member';
      readonly user: UserRow;
      /** An ordinary token of the forge: what the page posts goes through the API with it. */
      readonly token: string;
      /** Stands in every form; a page of another site cannot know it. */
      readonly formKey: string;
    };

export const sessionMs = 7 * 24 * 60 * 60 * 1000;
const maxKeys = 100;

/**
 * Login without passwords: whoever started the forge is shown a link with a key that works once. The session that it
 * opens is a token in a cookie that scripts cannot read; it survives a restart, the key does not.
 */
export class Sessions {
  readonly #forge: ForgeContext;
  /** Hash of the key to the account it opens. */
  readonly #keys = new Map<string, string>();

  constructor(forge: ForgeContext) {
    this.#forge = forge;
  }

  /** A key that opens one session for `login`. @throws RatchetError `forge/no-user` */
  issueKey(login: string): string {
    if (userByLogin(this.#forge.database, login) === undefined) {
      throw new RatchetError('forge/no-user', `The forge knows no account ${login}.`, 'Create it first.', { login });
    }
    const key = randomBytes(24).toString('base64url');
    if (this.#keys.size >= maxKeys) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(fingerprint(key), login);
    return key;
  }

  /** Spends the key and opens a session on the answer; false when the key is unknown or spent. */
  redeem(c: Context, key: string): boolean {
    const hashed = fingerprint(key);
    const login = this.#keys.get(hashed);
    const user = login === undefined ? undefined : userByLogin(this.#forge.database, login);
    if (user === undefined) return false;
    this.#keys.delete(hashed);
    const token = `ghp_${randomBytes(18).toString('hex')}`;
    const now = this.#forge.clock();
    insertRow(this.#forge.database, 'tokens', {
      hash: hashToken(token),
      user_id: user.id,
      created_at: now,
      expires_at: now + sessionMs,
    });
    setCookie(c, this.#cookieName(), token, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: sessionMs / 1000 });
    return true;
  }

  visitor(c: Context): Visitor {
    const token = getCookie(c, this.#cookieName());
    if (token === undefined) return { kind: 'reader' };
    try {
      const actor = actorOfToken(this.#forge, token);
      if (actor.kind !== 'user') return { kind: 'reader' };
      return { kind: 'member', user: actor.user, token, formKey: formKeyOf(token) };
    } catch (error) {
      // A cookie of an earlier forge, or one past its time, is no error of the reader's.
      if (error instanceof ApiError && error.status === 401) return { kind: 'reader' };
      throw error;
    }
  }

  close(c: Context, token: string): void {
    this.#forge.database.prepare('DELETE FROM tokens WHERE hash = ?').run(hashToken(token));
    setCookie(c, this.#cookieName(), '', { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 0 });
  }

  /** Browsers share cookies between the ports of a host: the port in the name keeps two forges apart. */
  #cookieName(): string {
    return `forge_session_${new URL(this.#forge.url()).port || '80'}`;
  }
}

/** True when a form carries the key that this session's pages carry. */
export function holdsFormKey(visitor: Extract<Visitor, { kind: 'member' }>, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const wanted = Buffer.from(visitor.formKey);
  const got = Buffer.from(given);
  return got.length === wanted.length && timingSafeEqual(got, wanted);
}

function formKeyOf(token: string): string {
  return createHmac('sha256', token).update('form').digest('base64url');
}

function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
