import { statusBehind } from './refusal.ts';

/** What a list gives at most on one page. */
export const PER_PAGE = 100;
/** More than this at once is not read to the end in one look; the next look goes on. */
const PAGES_MAX = 20;

type Headers = { 'if-none-match'?: string };

/** As much of Octokit's answer as is looked at here. */
interface Answer<T> {
  readonly data: T;
  readonly headers: { readonly etag?: string | undefined };
}

/**
 * Asks with the entity tag of the last answer to the same question: GitHub answers 304 then, which counts against no limit.
 * An answer counts as the last one when whoever asked has `kept` it, so that one whose reader failed is given again. Tags live
 * as long as the process; after a restart every question costs one answer.
 */
export class ConditionalReader {
  readonly #tags = new Map<string, string>();
  readonly #fresh = new Map<string, string>();

  /**
   * @param question names what is asked, with everything that changes the answer
   * @returns null when the answer is what it was
   */
  async ask<T>(question: string, send: (headers: Headers) => Promise<Answer<T>>): Promise<Answer<T> | null> {
    const tag = this.#tags.get(question);
    try {
      const response = await send(tag === undefined ? {} : { 'if-none-match': tag });
      if (response.headers.etag !== undefined) this.#fresh.set(question, response.headers.etag);
      return response;
    } catch (error) {
      if (statusBehind(error) === 304) return null;
      throw error;
    }
  }

  /** What was answered since the last time has been taken in. */
  keep(): void {
    for (const [question, tag] of this.#fresh) this.#tags.set(question, tag);
    this.#fresh.clear();
  }

  /** A question that will not be asked again. */
  forget(question: string): void {
    this.#tags.delete(question);
    this.#fresh.delete(question);
  }

  /**
   * All pages of a list. Only a list of one page can be known to be unchanged by the tag of its first.
   * @returns null when it is what it was
   */
  async list<T>(
    question: string,
    send: (page: number, headers: Headers) => Promise<Answer<T[]>>,
  ): Promise<{ readonly items: readonly T[] } | null> {
    const first = await this.ask(question, (headers) => send(1, headers));
    if (first === null) return null;
    const items = [...first.data];
    if (items.length === PER_PAGE) this.forget(question);
    for (let page = 2; items.length === (page - 1) * PER_PAGE && page <= PAGES_MAX; page += 1)
      items.push(...(await send(page, {})).data);
    return { items };
  }
}
