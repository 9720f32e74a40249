import { z } from 'zod';
import type { Worktree } from '#engine/repository/worktrees.ts';
import type { StageName } from './night-state.ts';
import { RECORDS, readRecord, toText } from './record-text.ts';

const KeptAnswer = z.strictObject({
  schema: z.literal('ratchet/answer/1'),
  question: z.string().min(1),
  answer: z.json(),
});
type KeptAnswer = z.infer<typeof KeptAnswer>;

interface JournalOptions {
  readonly stage: StageName;
  readonly commit: (changes: ReadonlyMap<string, Uint8Array>, message: string) => Promise<void>;
}

/**
 * What cost money in the middle of a stage, above all a model's answers: each is committed the moment it is there, one file an answer,
 * and given again when the night is run again.
 */
export class AnswerJournal {
  readonly #options: JournalOptions;
  readonly #dir: string;
  readonly #kept: KeptAnswer[];
  /** How often each question was put in this run: the same one may be asked twice, and be answered differently. */
  readonly #asked = new Map<string, number>();

  private constructor(options: JournalOptions, dir: string, kept: readonly KeptAnswer[]) {
    this.#options = options;
    this.#dir = dir;
    this.#kept = [...kept];
  }

  static async open(worktree: Worktree, options: JournalOptions): Promise<AnswerJournal> {
    const kept: KeptAnswer[] = [];
    for (;;) {
      const path = answerPath(options.stage, kept.length + 1);
      const text = await worktree.readText(path);
      if (text === null) return new AnswerJournal(options, worktree.dir, kept);
      kept.push(readRecord(text, KeptAnswer, { dir: worktree.dir, path }));
    }
  }

  /**
   * The answer an earlier run got to this very question, the n-th to the n-th time it is put; null when it must be asked.
   * @param question what tells it from every other, such as the digest of the whole request
   * @throws RatchetError `night/work-record` when the answer does not fit `schema`
   */
  replay<T>(question: string, schema: z.ZodType<T>): T | null {
    const times = this.#asked.get(question) ?? 0;
    const places = [...this.#kept.keys()].filter((place) => this.#kept[place]!.question === question);
    const place = places[times];
    if (place === undefined) return null;
    this.#asked.set(question, times + 1);
    const path = answerPath(this.#options.stage, place + 1);
    return readRecord(JSON.stringify(this.#kept[place]!.answer), schema, { dir: this.#dir, path });
  }

  /** Keeps an answer that `replay` did not have. */
  async record(question: string, answer: z.core.util.JSONType): Promise<void> {
    const number = this.#kept.length + 1;
    const kept: KeptAnswer = { schema: 'ratchet/answer/1', question, answer };
    const { stage, commit } = this.#options;
    this.#kept.push(kept);
    this.#asked.set(question, (this.#asked.get(question) ?? 0) + 1);
    await commit(new Map([[answerPath(stage, number), toText(kept)]]), `Keep answer ${number} of ${stage}`);
  }
}

function answerPath(stage: StageName, number: number): string {
  return `${RECORDS}/answers/${stage}/${number}.json`;
}
