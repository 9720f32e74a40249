import { ProbotOctokit } from 'probot';
import type { Api } from './repository-api.ts';

/** GitHub answers within ten seconds or with an error; what takes longer than this has been lost on the way. */
const ANSWER_WITHIN_MS = 30_000;
/** A limit that is lifted sooner is waited for where it was met; for a longer one the job steps aside and comes back. */
const WAIT_HERE_SECONDS_MAX = 10;
const WAITS_HERE_MAX = 2;

/**
 * Octokit's retry plugin leaves these alone. Beside its own, those that say no rather than not now (405, 409: somebody was
 * faster), and limits, which it would ask again without minding `retry-after`.
 */
const ASK_ONCE = [400, 401, 403, 404, 405, 409, 410, 422, 429, 451];

interface LimitedRequest {
  readonly method: string;
  readonly url: string;
}

export interface ClientOptions {
  /**
   * `github`: one write a second and a pause between those that notify people, as GitHub asks; reads are asked again when it
   * stumbles. `local`: as fast as it goes, and every refusal is the job's.
   */
  readonly manners: 'github' | 'local';
  /** What the plugins take for a second, in milliseconds; tests have shorter ones. */
  readonly secondMs?: number;
}

/**
 * Probot's client with manners. What Octokit's plugins would do by themselves: hold a job for up to an hour until a limit is
 * lifted, and send a write again whose answer was lost, which may have been done. Here a long wait is an error the queue
 * understands (`comeBackAt`), and a write is tried again by its job, which looks first what is there already.
 */
export function clientWith({ manners, secondMs = 1000 }: ClientOptions): typeof ProbotOctokit {
  const isPolite = manners === 'github';
  return ProbotOctokit.plugin((octokit) => {
    octokit.hook.before('request', (options) => {
      if (options.method !== 'GET' && options.method !== 'HEAD') options.request = { ...options.request, retries: 0 };
    });
    return {};
    // Only the function form reaches Probot's own defaults.
  }).defaults((given: object & { throttle?: object }) => ({
    ...given,
    throttle: {
      ...given.throttle,
      enabled: isPolite,
      retryAfterBaseValue: secondMs,
      onRateLimit: waitsHere,
      onSecondaryRateLimit: waitsHere,
    },
    retry: { enabled: isPolite, doNotRetry: ASK_ONCE, retryAfterBaseValue: secondMs },
  }));
}

/** A client for one who acts with a token of theirs: a person, or a job of Actions. */
export function clientFor(apiUrl: string, { token }: { readonly token: string }): Api {
  const Client = clientWith({ manners: mannersAt(apiUrl) });
  return new Client({ baseUrl: apiUrl, auth: { token }, request: { fetch: fetchWithin() } });
}

/** A forge on this machine asks for none. */
export function mannersAt(apiUrl: string): ClientOptions['manners'] {
  return new URL(apiUrl).hostname === '127.0.0.1' ? 'local' : 'github';
}

function waitsHere(retryAfterSeconds: number, _request: LimitedRequest, _octokit: unknown, retryCount: number): boolean {
  return retryAfterSeconds <= WAIT_HERE_SECONDS_MAX && retryCount < WAITS_HERE_MAX;
}

/** `fetch` that gives up: without it a connection that went silent would hold its job for minutes. */
export function fetchWithin(timeoutMs: number = ANSWER_WITHIN_MS): typeof fetch {
  return (input, init) => {
    const limit = AbortSignal.timeout(timeoutMs);
    return fetch(input, { ...init, signal: init?.signal == null ? limit : AbortSignal.any([init.signal, limit]) });
  };
}
