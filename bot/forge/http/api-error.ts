import { RatchetError } from '#engine/errors.ts';

export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 410 | 413 | 422 | 429;

/** One entry of a validation error, as GitHub writes them. */
export interface FieldError {
  resource: string;
  field?: string;
  code: 'missing' | 'missing_field' | 'invalid' | 'already_exists' | 'unprocessable' | 'custom';
  message?: string;
  value?: string | number | null;
}

const documentationUrl = 'https://docs.github.com/rest';

/** An answer that refuses. Thrown anywhere below a route; the server turns it into GitHub's JSON. */
export class ApiError extends RatchetError {
  readonly status: ErrorStatus;
  readonly errors: ReadonlyArray<FieldError | string> | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ErrorStatus,
    message: string,
    errors?: ReadonlyArray<FieldError | string>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(`forge/http-${status}`, message, `See ${documentationUrl}.`);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }

  body(): Record<string, unknown> {
    return {
      message: this.message,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      documentation_url: documentationUrl,
      status: String(this.status),
    };
  }
}

export const notFound = () => new ApiError(404, 'Not Found');
export const badCredentials = () => new ApiError(401, 'Bad credentials');
export const requiresAuthentication = () => new ApiError(401, 'Requires authentication');

/** 422 with one entry for each field at fault. */
export function invalid(...errors: FieldError[]): ApiError {
  return new ApiError(422, 'Validation Failed', errors);
}
