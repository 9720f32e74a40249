import type { Logger } from '#engine/log.ts';
import { type AcceptRequest, pendingAcceptance, settleAcceptance } from './accept-request.ts';
import type { VenueShares } from './venue-shares.ts';

export interface AcceptancesOptions {
  /** The engine's folder, in which a person leaves the request. */
  readonly dir: string;
  readonly shares: VenueShares | null;
  readonly log: Logger;
  /** One was dealt with, or has failed. */
  readonly onSettled: () => void;
}

/** Takes up what people accept of what could not be explained, one request after the other, beside the bars: the venue is asked on the way. */
export class Acceptances {
  readonly #options: AcceptancesOptions;
  #isBusy = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(options: AcceptancesOptions) {
    this.#options = options;
  }

  /** Looks whether there is one. @throws what went wrong with the one before: a disk that takes nothing is the engine's concern */
  look(): void {
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      throw error;
    }
    if (this.#isBusy) return;
    const request = pendingAcceptance(this.#options.dir);
    if (request === null) return;
    this.#isBusy = true;
    void this.#accept(request)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#isBusy = false;
        this.#options.onSettled();
      });
  }

  async #accept({ symbol, by, reason }: AcceptRequest): Promise<void> {
    const { dir, shares, log } = this.#options;
    try {
      const refusal = shares === null ? 'this engine trades at no venue' : await shares.accept(symbol, `${by}: ${reason}`);
      log.info({ symbol, by, reason, refusal }, 'A person accepts what is held of a symbol.');
    } finally {
      settleAcceptance(dir);
    }
  }
}
