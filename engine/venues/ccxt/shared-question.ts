import { steadyClock } from '#engine/clock.ts';
import { newPassage, type Passage } from './wire.ts';

interface Asked<T> {
  /** What became of it on its way, for all who share it. */
  readonly passage: Passage;
  readonly answer: Promise<T>;
}

/**
 * Those who ask while the same question still waits for its turn share one answer, which was asked for after each of them had asked. Once it
 * has left, whoever comes asks anew.
 */
export class SharedQuestion<T> {
  #last: { readonly from: number; readonly asked: Asked<T> } | null = null;

  /**
   * @param from what is asked for begins here: an answer that begins earlier has it in it
   * @param answerMs how long the answer is waited for
   */
  ask(from: number, answerMs: number, begin: (passage: Passage) => Promise<T>): Asked<T> {
    const last = this.#last;
    if (last !== null && last.from <= from && !last.asked.passage.wasSent) {
      last.asked.passage.wantedUntil = steadyClock.now() + answerMs;
      return last.asked;
    }
    const passage = newPassage(answerMs);
    const asked = { passage, answer: begin(passage) };
    const question = { from, asked };
    this.#last = question;
    const forget = () => {
      if (this.#last === question) this.#last = null;
    };
    asked.answer.then(forget, forget);
    return asked;
  }
}
