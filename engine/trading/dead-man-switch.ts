import { VenueError } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import type { TraderParts } from './trader-parts.ts';

/** Until when the venue waits for a word from us; `unknown` where an earlier life may have armed it, or an answer did not come. */
export type DeadManState =
  | { readonly state: 'armed'; readonly until: number }
  | { readonly state: 'off' | 'unknown' }
  /** The venue has none. */
  | { readonly state: 'absent' };

/**
 * Has the venue withdraw our entries when we fall silent, where it can. A switch that would take protective stops away too is armed only
 * while none rests and none is about to.
 */
export class DeadManSwitch {
  readonly #parts: TraderParts;
  #state: DeadManState = { state: 'unknown' };
  #isBusy = false;
  #cancelTimer: (() => void) | null = null;
  #isEnded = false;

  constructor(parts: TraderParts) {
    this.#parts = parts;
  }

  get state(): DeadManState {
    return this.#parts.venue.features.hasDeadManSwitch ? this.#state : { state: 'absent' };
  }

  end(): void {
    this.#isEnded = true;
    this.#cancelTimer?.();
  }

  /** Orders have come or gone. */
  review(): void {
    if (this.#isBusy || this.#isEnded || !this.#parts.venue.features.hasDeadManSwitch) return;
    const isWanted = this.#isWanted();
    if (this.#state.state !== (isWanted ? 'armed' : 'off')) void this.#set(isWanted);
  }

  async #set(isWanted: boolean): Promise<void> {
    const { venue, clock, timings, log } = this.#parts;
    this.#isBusy = true;
    this.#cancelTimer?.();
    let againMs = timings.deadManMs / 3;
    try {
      const ms = isWanted ? timings.deadManMs : 0;
      // The venue counts from when it hears of it, which is not before it was sent.
      const until = clock.now() + ms;
      await answered(clock, timings.callTimeoutMs, 'armDeadManSwitch', () => venue.armDeadManSwitch(ms));
      this.#state = isWanted ? { state: 'armed', until } : { state: 'off' };
    } catch (error) {
      this.#state = { state: 'unknown' };
      againMs = Math.max(2_000, error instanceof VenueError ? (error.retryAfterMs ?? 0) : 0);
      log.warn({ code: error instanceof VenueError ? error.code : 'other' }, 'The dead-man switch could not be set.');
    }
    this.#isBusy = false;
    if (this.#isEnded) return;
    if (this.#state.state === 'off') this.review();
    else this.#cancelTimer = clock.after(againMs, () => void this.#set(this.#isWanted()));
  }

  #isWanted(): boolean {
    const { ledger, venue } = this.#parts;
    let hasEntry = false;
    for (const { order } of ledger.live()) {
      if (order.row.role === 'entry' && order.row.kind === 'limit') hasEntry = true;
      if (order.row.kind === 'stop' && venue.features.deadManTakesStops) return false;
    }
    if (!hasEntry) return false;
    // An entry that fills is protected at once, and the switch must not be in its way.
    for (const lane of ledger.lanes) if (lane.position.isOpen && venue.features.deadManTakesStops) return false;
    return true;
  }
}
