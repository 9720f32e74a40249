import { ceil, isMissing, max, missing } from '#engine/contract/intrinsics.ts';

// Bundled into the strategy realm: no Node imports here.

const DAY_MS = 86_400_000;

/** Equity as it goes: drawdown instant by instant, and one point at the end of each UTC day. */
export class EquityTrack {
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  readonly #barMs: number = missing;
  #instants = 0;
  #invested = 0;
  #sum = 0;
  #peak: number = missing;
  /** Lowest equity since the peak. */
  #trough: number = missing;
  #worst = 0;
  #underwater = 0;
  #longestUnderwater = 0;
  #last: number = missing;
  #lastTime = missing;
  #dayEnd = missing;

  /** @param barMs length of a base bar: an instant's equity is that of its bars' close */
  constructor(capital: number, barMs: number) {
    this.#barMs = barMs;
    this.#peak = capital;
    this.#trough = capital;
    this.#last = capital;
  }

  /**
   * Takes in `count` instants.
   * @param openTimes of their bars, rising, UTC milliseconds: those from the index `from` on
   * @param worths equity at their closes, quote asset, from the first element on
   * @param isInvested whether a position was open at each of them
   */
  add(openTimes: Float64Array, from: number, worths: Float64Array, count: number, isInvested: boolean): void {
    // Kept in variables while the run lasts: a field would be stored and loaded again for each instant.
    const barMs = this.#barMs;
    let dayEnd = this.#dayEnd;
    let sum = this.#sum;
    let peak = this.#peak;
    let trough = this.#trough;
    let underwater = this.#underwater;
    for (let at = 0; at < count; at += 1) {
      const closeTime = openTimes[from + at]! + barMs;
      if (!(closeTime <= dayEnd)) {
        this.#turnDays(closeTime, at === 0 ? this.#last : worths[at - 1]!);
        dayEnd = this.#dayEnd;
      }
      const equity = worths[at]!;
      sum += equity;
      if (equity < peak) {
        if (equity < trough) trough = equity;
        underwater += 1;
        continue;
      }
      if (underwater > 0) this.#surface(peak, trough, underwater);
      peak = equity;
      trough = equity;
      underwater = 0;
    }
    this.#instants += count;
    if (isInvested) this.#invested += count;
    this.#sum = sum;
    this.#peak = peak;
    this.#trough = trough;
    this.#underwater = underwater;
    this.#last = worths[count - 1]!;
    this.#lastTime = openTimes[from + count - 1]! + barMs;
  }

  /** The account is back at its peak: how deep and how long it was below is known, and only the lowest point needed a division. */
  #surface(peak: number, trough: number, instants: number): void {
    this.#worst = max(this.#worst, 1 - trough / peak);
    this.#longestUnderwater = max(this.#longestUnderwater, instants);
  }

  /** Notes the days that ended before `closeTime`; a day without a bar repeats the value before it. */
  #turnDays(closeTime: number, before: number): void {
    while (this.#dayEnd < closeTime) {
      this.#times.push(this.#dayEnd);
      this.#values.push(before);
      this.#dayEnd += DAY_MS;
    }
    if (isMissing(this.#dayEnd)) this.#dayEnd = ceil(closeTime / DAY_MS) * DAY_MS;
  }

  /** @param equity after open positions were closed, which stands for the last point */
  finish(equity: number) {
    if (this.#instants > 0) {
      this.#surface(this.#peak, this.#trough, this.#underwater);
      if (equity < this.#peak) this.#worst = max(this.#worst, 1 - equity / this.#peak);
      this.#times.push(this.#lastTime);
      this.#values.push(equity);
    }
    return {
      instants: this.#instants,
      investedInstants: this.#invested,
      maxDrawdown: this.#worst,
      maxDrawdownBars: this.#longestUnderwater,
      equitySum: this.#sum,
      equity: { time: this.#times, value: this.#values },
    };
  }
}
