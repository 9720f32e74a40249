/** The venue's clock less ours, and how far off that may be. Milliseconds. */
export interface ClockOffset {
  readonly offset: number;
  readonly uncertainty: number;
  /** When it was measured, by our clock. */
  readonly measuredAt: number;
}

export interface ClockSample {
  /** By our clock, before the question left and after the answer came. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** What the venue said. */
  readonly venueTime: number;
  /** The step in which it says it. */
  readonly stepMs: number;
}

/** Samples that are looked at: clocks drift, so old ones say less. */
const samplesMax = 8;
/** What a quartz clock may drift, seconds a second: NTP's frequency tolerance. */
const driftRate = 15e-6;

/**
 * Measures a venue's clock from questions and answers. Each answer was made somewhere between sending and receiving: the middle is
 * the guess, half the round trip the error. Of the last eight the one with the smallest error counts, errors growing with age (the
 * clock filter of NTP, Mills, RFC 5905, 2010, section 10). Two that cannot both be true say that a clock was set in between: the
 * older one is forgotten, however small its error was.
 */
export class OffsetFilter {
  #samples: ClockOffset[] = [];

  add({ sentAt, receivedAt, venueTime, stepMs }: ClockSample): void {
    // A time told in whole seconds stands for any moment of its second.
    const told = venueTime + stepMs / 2;
    const sample = {
      offset: told - (sentAt + receivedAt) / 2,
      uncertainty: (receivedAt - sentAt) / 2 + stepMs / 2,
      measuredAt: receivedAt,
    };
    this.#samples = this.#samples.filter(
      (older) => Math.abs(older.offset - sample.offset) <= uncertaintyAt(older, receivedAt) + sample.uncertainty,
    );
    this.#samples.push(sample);
    if (this.#samples.length > samplesMax) this.#samples.shift();
  }

  /** The best there is at `now`; null before the first sample. */
  best(now: number): ClockOffset | null {
    let best: ClockOffset | null = null;
    for (const sample of this.#samples) {
      const uncertainty = uncertaintyAt(sample, now);
      if (best === null || uncertainty <= best.uncertainty) best = { ...sample, uncertainty };
    }
    return best;
  }
}

function uncertaintyAt({ uncertainty, measuredAt }: ClockOffset, now: number): number {
  return uncertainty + driftRate * Math.max(0, now - measuredAt);
}
