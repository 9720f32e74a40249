import type { IssuesApi } from '#bot/github/issues-api.ts';

/** Where the one answer to a comment is written. */
export interface AnswerPlace {
  readonly number: number;
  /** What is answered: a comment by its id, a box of the dashboard by its mark. */
  readonly to: number | string;
  /** The bot's own account: somebody else's comment with our mark in it is not ours. */
  readonly login: string;
}

/** What an answer carries so that it is found again. */
export function marked(text: string, to: number | string): string {
  return `${text}\n\n${markOf(to)}`;
}

function markOf(to: number | string): string {
  return `<!-- ratchet:answer:${to} -->`;
}

/**
 * The one comment that answers a command: written at the first word and edited from then on. A job that runs again after a crash finds
 * the answer it had begun by the mark in it, and begins no second one.
 */
export class Answer {
  readonly #issues: IssuesApi;
  readonly #place: AnswerPlace;
  #id: number | null = null;
  #text: string | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(issues: IssuesApi, place: AnswerPlace) {
    this.#issues = issues;
    this.#place = place;
  }

  /** Shows `text` as the answer, in place of what it said before. Returns the comment's id. */
  write(text: string): Promise<number> {
    // One after another: two at once would begin two answers, and progress could overtake the end.
    const turn = this.#last.then(() => this.#show(text));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #show(text: string): Promise<number> {
    const { number, to } = this.#place;
    const body = marked(text, to);
    this.#id ??= await this.#find();
    if (this.#id === null) this.#id = (await this.#issues.comment(number, body)).id;
    else if (this.#text !== body) await this.#issues.rewriteComment(this.#id, body);
    this.#text = body;
    return this.#id;
  }

  async #find(): Promise<number | null> {
    const { number, to, login } = this.#place;
    const comments = await this.#issues.comments(number);
    return comments.find(({ author, body }) => author === login && body.includes(markOf(to)))?.id ?? null;
  }
}
