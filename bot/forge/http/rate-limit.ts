import type { Actor } from '#bot/forge/auth/actor.ts';
import { ApiError } from './api-error.ts';

const windowMs = 60 * 60 * 1000;

export interface RateLimit {
  limit: number;
  used: number;
  remaining: number;
  /** Seconds since 1970 when the count starts anew. */
  reset: number;
}

/** Counts requests by account and hour, as GitHub does; in memory, for a restart is as good as an hour. */
export interface RateLimiter {
  /** Counts one request; throws 403 in GitHub's words when there are none left. */
  spend(actor: Actor): RateLimit;
  /** The state of the account, without counting. */
  look(actor: Actor): RateLimit;
}

export function createRateLimiter(clock: () => number, requestsPerHour: number): RateLimiter {
  const windows = new Map<string, { startedAt: number; used: number }>();

  const windowOf = (actor: Actor) => {
    const key = keyOf(actor);
    const now = clock();
    const found = windows.get(key);
    if (found !== undefined && now - found.startedAt < windowMs) return found;
    const fresh = { startedAt: now, used: 0 };
    windows.set(key, fresh);
    return fresh;
  };

  const stateOf = (window: { startedAt: number; used: number }): RateLimit => ({
    limit: requestsPerHour,
    used: window.used,
    remaining: Math.max(0, requestsPerHour - window.used),
    reset: Math.ceil((window.startedAt + windowMs) / 1000),
  });

  return {
    look: (actor) => stateOf(windowOf(actor)),
    spend(actor) {
      const window = windowOf(actor);
      if (window.used >= requestsPerHour) {
        const state = stateOf(window);
        throw new ApiError(403, `API rate limit exceeded for ${keyOf(actor)}.`, undefined, rateLimitHeaders(state));
      }
      window.used += 1;
      return stateOf(window);
    },
  };
}

export function rateLimitHeaders(state: RateLimit): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(state.limit),
    'X-RateLimit-Remaining': String(state.remaining),
    'X-RateLimit-Used': String(state.used),
    'X-RateLimit-Reset': String(state.reset),
    'X-RateLimit-Resource': 'core',
  };
}

function keyOf(actor: Actor): string {
  switch (actor.kind) {
    case 'anonymous':
      return 'anonymous';
    case 'user':
      return `user ID ${actor.user.id}`;
    case 'installation':
      return `installation ID ${actor.installation.id}`;
    case 'app':
      return `app ID ${actor.app.id}`;
  }
}
