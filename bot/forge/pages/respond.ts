import type { Context, MiddlewareHandler } from 'hono';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, type ErrorStatus } from '#bot/forge/http/api-error.ts';
import type { Html } from './markup.ts';
import type { PageEnv } from './page-context.ts';

/** No inline script anywhere. Charts bring inline styles with them: only a page that holds one allows those. */
function contentPolicy(hasChart: boolean, formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${hasChart ? " 'unsafe-inline'" : ''}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    ["form-action 'self'", ...formTargets].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Sends a page with the headers that keep what it quotes harmless.
 * @param formTargets other origins that an answer to one of its forms may lead to
 */
export async function answer<Env extends PageEnv>(
  c: Context<Env>,
  content: Html,
  status: ErrorStatus | 200 | 500 = 200,
  formTargets: readonly string[] = [],
): Promise<Response> {
  const text = String(await content);
  c.header('Content-Security-Policy', contentPolicy(text.includes('<pre class="chart-source">'), formTargets));
  c.header('X-Content-Type-Options', 'nosniff');
  // The address may hold a login key: it is told to no other site.
  c.header('Referrer-Policy', 'same-origin');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('Cache-Control', 'private, no-cache');
  return c.html(text, status);
}

/** A page of another site whose name is made to point here (DNS rebinding) gets nothing. */
export function refuseStrangeHosts(forge: ForgeContext): MiddlewareHandler {
  return async (c, next) => {
    const host = (c.req.header('Host') ?? '').replace(/:\d+$/, '').toLowerCase();
    const known = ['127.0.0.1', 'localhost', '[::1]', new URL(forge.url()).hostname];
    if (!known.includes(host)) throw new ApiError(403, `The forge does not answer to the name ${host}.`);
    await next();
  };
}
