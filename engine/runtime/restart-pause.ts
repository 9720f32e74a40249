const firstMs = 1_000;
const longestMs = 60_000;
/** Who has run so long has begun well. Milliseconds. */
const steadyMs = 10 * 60_000;

/** How long to wait before an engine begins anew: longer and longer while it breaks again soon, so that it asks no venue without end. */
export class RestartPause {
  #times = 0;

  /**
   * @param ranMs how long it ran until it broke
   * @returns milliseconds
   */
  after(ranMs: number): number {
    this.#times = ranMs >= steadyMs ? 0 : this.#times;
    const waitMs = Math.min(longestMs, firstMs * 2 ** this.#times);
    this.#times += 1;
    return waitMs;
  }
}
