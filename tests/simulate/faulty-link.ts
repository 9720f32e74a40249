import type { Link, LinkCall } from '#engine/venues/rehearsal/direct-venue.ts';
import type { VenueNews } from '#engine/venues/venue.ts';
import { VenueError, type VenueErrorKind } from '#engine/venues/venue-error.ts';
import type { Dice } from './dice.ts';
import { CALL_FAULTS, type CallFault, type FaultPlan, isWithin } from './fault-plan.ts';
import type { Life } from './life.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** After this the caller gives up. */
export const TIMEOUT_MS = 10_000;
/** A request that its caller gave up may still arrive until so long after it was sent. */
export const ARRIVAL_MAX_MS = 20_000;

export interface LinkSurroundings {
  readonly world: VirtualClock;
  readonly plan: FaultPlan;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly trace: Trace;
  /** A call met a fault, or failed by one. */
  readonly onFault: () => void;
}

/** The way to the venue and back, for one life of the engine. What was sent before a crash still arrives after it. */
export class FaultyLink implements Link {
  readonly #life: Life;
  readonly #around: LinkSurroundings;

  constructor(life: Life, around: LinkSurroundings) {
    this.#life = life;
    this.#around = around;
  }

  call<Answer>(name: LinkCall | 'bars' | 'serverTime', work: () => Answer): Promise<Answer> {
    const { world, tally, trace } = this.#around;
    try {
      this.#life.gate(`before sending ${name}`);
    } catch {
      return new Promise(() => undefined);
    }
    const fault = this.#drawFault();
    if (fault !== null) {
      tally.count(`call ${fault}`);
      this.#around.onFault();
      trace.note(world.now(), `link ${name}: ${fault}`);
    }
    return this.#heardBy(name, fault !== null, this.#carry(name, fault, work));
  }

  news(news: VenueNews, deliver: () => void): void {
    const { world, plan, dice, tally } = this.#around;
    const now = world.now();
    const hear = (ms: number): void => {
      world.after(ms, () => {
        if (!this.#life.isOver) deliver();
      });
    };
    if (now >= plan.calmAt || news.kind !== 'orders') {
      hear(this.#latency());
      return;
    }
    const isHushed = isWithin(plan, 'silence', now) || isWithin(plan, 'outage', now);
    if (isHushed || dice.chance(plan.news['news-lost'])) {
      tally.count(isHushed ? 'news silenced' : 'news lost');
      return;
    }
    const isLate = dice.chance(plan.news['news-late']);
    if (isLate) tally.count('news late');
    hear(isLate ? dice.magnitude(1_000, 60_000) : this.#latency());
    if (!dice.chance(plan.news['news-twice'])) return;
    tally.count('news twice');
    hear(dice.magnitude(10, 20_000));
  }

  #drawFault(): CallFault | 'maintenance' | 'outage' | null {
    const { world, plan, dice } = this.#around;
    const now = world.now();
    if (now >= plan.calmAt) return null;
    if (isWithin(plan, 'outage', now)) return 'outage';
    if (isWithin(plan, 'maintenance', now)) return 'maintenance';
    for (const fault of CALL_FAULTS) if (plan.calls[fault] > 0 && dice.chance(plan.calls[fault])) return fault;
    return null;
  }

  async #carry<Answer>(name: string, fault: CallFault | 'maintenance' | 'outage' | null, work: () => Answer): Promise<Answer> {
    const { dice } = this.#around;
    switch (fault) {
      case 'not-sent':
        throw failure('network', 'not-sent', name);
      case 'outage':
        if (dice.chance(0.5)) throw failure('network', 'not-sent', name);
        await this.#pass(TIMEOUT_MS);
        throw failure('timeout', 'unknown', name);
      case 'lost-request':
        await this.#pass(TIMEOUT_MS);
        throw failure('timeout', 'unknown', name);
      case 'lost-answer':
        await this.#pass(this.#latency());
        settled(work);
        await this.#pass(TIMEOUT_MS);
        throw failure('timeout', 'unknown', name);
      case 'late-request': {
        const arrival = dice.between(TIMEOUT_MS, ARRIVAL_MAX_MS);
        void this.#pass(arrival).then(() => settled(work));
        await this.#pass(TIMEOUT_MS);
        throw failure('timeout', 'unknown', name);
      }
      case 'reset':
      case 'server-error': {
        await this.#pass(this.#latency());
        if (dice.chance(0.5)) settled(work);
        throw failure(fault === 'reset' ? 'network' : 'other', 'unknown', name);
      }
      case 'duplicate': {
        await this.#pass(this.#latency());
        const first = settled(work);
        await this.#pass(this.#latency());
        // Exchanges know a request again by its nonce or its id; only what asks is answered twice.
        if (name === 'place' && first.ok) throw failure('duplicate', 'refused', name);
        break;
      }
      case 'rate-limit':
      case 'nonce':
      case 'clock':
      case 'maintenance':
        await this.#pass(2 * this.#latency());
        throw failure(fault, 'refused', name);
      case null:
        await this.#pass(this.#latency());
    }
    const answer = settled(work);
    await this.#pass(this.#latency());
    if (!answer.ok) throw answer.error;
    return answer.value;
  }

  /** Hands the outcome to the caller if that still lives, and lets it die on hearing it. */
  #heardBy<Answer>(name: string, isFaulty: boolean, outcome: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const hear = (tell: () => void): void => {
        try {
          this.#life.gate(`after hearing of ${name}`);
        } catch {
          return;
        }
        tell();
      };
      outcome.then(
        (answer) => hear(() => resolve(answer)),
        (error: unknown) => {
          if (isFaulty) this.#around.onFault();
          hear(() => reject(error));
        },
      );
    });
  }

  #latency(): number {
    const { plan, dice } = this.#around;
    return dice.chance(0.02) ? dice.between(500, 4_000) : plan.latencyMs * dice.magnitude(0.5, 3);
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#around.world.after(ms, resolve));
  }
}

type Settled<Answer> = { readonly ok: true; readonly value: Answer } | { readonly ok: false; readonly error: unknown };

function settled<Answer>(work: () => Answer): Settled<Answer> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, error };
  }
}

function failure(kind: VenueErrorKind, certainty: VenueError['certainty'], name: string): VenueError {
  return new VenueError(kind, certainty, `The venue did not answer ${name} (${kind}).`, 'Ask it what became of it.', {
    ...(kind === 'rate-limit' ? { retryAfterMs: 1_500 } : {}),
  });
}
