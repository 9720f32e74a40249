/** One after another: two nights at once would take each other for one that was left unfinished. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins `work` when everything taken before has ended, well or badly. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
