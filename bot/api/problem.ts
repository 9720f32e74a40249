import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 410 | 413 | 414 | 429 | 500 | 503;

/** How an answer that refuses is written (RFC 9457): nothing of paths, statements or stacks is in it. */
export const ProblemBody = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** Stable, for programs. */
  code: z.string(),
});
export type ProblemBody = z.infer<typeof ProblemBody>;

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Thrown anywhere below a route; the edge turns it into an answer. */
export class Problem extends RatchetError {
  readonly status: ProblemStatus;
  readonly headers: Readonly<Record<string, string>>;

  /** @param code after `api/` */
  constructor(status: ProblemStatus, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(`api/${code}`, detail, 'See docs/ops/api.md.');
    this.status = status;
    this.headers = headers;
  }

  get title(): string {
    return titles[this.status];
  }

  body(): ProblemBody {
    return { type: 'about:blank', title: this.title, status: this.status, detail: this.message, code: this.code };
  }
}

/** Whatever went wrong, as it may be told: what a caller can do something about, and of all else that it failed. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RatchetError && (error.code === 'store/absent' || error.code === 'engine/no-markets'))
    return new Problem(503, 'no-record', 'No engine has run here yet.', { 'Retry-After': '30' });
  if (isOfTheRecord(error))
    return new Problem(503, 'record-unreadable', "The engine's record cannot be read now.", { 'Retry-After': '30' });
  return new Problem(500, 'failed', 'The answer could not be made; the log says why.');
}

/** What the store says of itself, what SQLite says when it is damaged or held by another only later, and a status that is half a file. */
function isOfTheRecord(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(store\/|SQLITE_|engine\/bad-status$)/.test(String(error.code));
}
