import { steadyClock } from '#engine/clock.ts';
import { newPassage, type Passage } from './wire.ts';

/** Orders that are looked for in one question. */
export interface Search {
  readonly ids: Set<string>;
  readonly passage: Passage;
  readonly answer: Promise<unknown[]>;
}

export interface SearchLimits {
  /** Ids in one question. */
  readonly most: number;
  /** How long an answer is waited for. */
  readonly answerMs: number;
}

/** Orders that are looked for by the exchange's ids while such a question still waits for its turn are put to that one. */
export class SearchTogether {
  readonly #limits: SearchLimits;
  #open: Search | null = null;

  constructor(limits: SearchLimits) {
    this.#limits = limits;
  }

  /** @param begin asks for the first id; those that are to be asked for are known once `close` is called, right before it leaves */
  ask(id: string, begin: (passage: Passage, close: () => readonly string[]) => Promise<unknown[]>): Search {
    const { most, answerMs } = this.#limits;
    const open = this.#open;
    if (open !== null && open.ids.size < most) {
      open.ids.add(id);
      open.passage.wantedUntil = steadyClock.now() + answerMs;
      return open;
    }
    const ids = new Set([id]);
    const passage = newPassage(answerMs);
    let isClosed = false;
    const close = () => {
      isClosed = true;
      if (this.#open?.ids === ids) this.#open = null;
      return [...ids];
    };
    const answer = begin(passage, close);
    answer.then(close, close);
    const search = { ids, passage, answer };
    // It may have left at once.
    if (!isClosed) this.#open = search;
    return search;
  }
}
