import { RatchetError } from '#engine/errors.ts';

/**
 * What is known about the thing that was asked for:
 * - `not-sent`: nothing left this machine (no address, no connection, our own limiter).
 * - `refused`: the venue answered, and did not do it.
 * - `unknown`: it may have been done. Only asking tells.
 */
export type Certainty = 'not-sent' | 'refused' | 'unknown';

/** What a caller does differently by. `other` is read by people. */
export type VenueErrorKind =
  | 'network'
  | 'timeout'
  | 'rate-limit'
  | 'maintenance'
  | 'nonce'
  | 'clock'
  | 'insufficient-funds'
  | 'invalid-order'
  | 'duplicate'
  | 'no-such-order'
  | 'permission'
  | 'other';

/** A venue did not do as asked; its code is `venue/<kind>`. */
export class VenueError extends RatchetError {
  readonly kind: VenueErrorKind;
  readonly certainty: Certainty;
  /** How long the venue wants to be left alone, milliseconds; null where it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    kind: VenueErrorKind,
    certainty: Certainty,
    message: string,
    remedy: string,
    more: { readonly retryAfterMs?: number; readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(`venue/${kind}`, message, remedy, more.details, more.cause);
    this.name = 'VenueError';
    this.kind = kind;
    this.certainty = certainty;
    this.retryAfterMs = more.retryAfterMs ?? null;
  }
}
