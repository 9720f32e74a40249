import { channel } from 'node:diagnostics_channel';

/** An answer of the API, just before it leaves. */
export interface OverheardAnswer {
  readonly method: string;
  /** Relative to the API's root, as it was asked for, without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface OverheardWebhook {
  readonly event: string;
  readonly payload: unknown;
}

/**
 * What the forge says, for whoever in this process listens in: the tests hold all of it against GitHub's contract, whoever asked.
 * Where nobody listens it costs nothing.
 */
export const overheardAnswers = channel('ratchet:forge:answer');
export const overheardWebhooks = channel('ratchet:forge:webhook');
