import { join } from 'node:path';
import type { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash, Person } from '#engine/repository/types.ts';
import { Worktree } from '#engine/repository/worktrees.ts';
import { AnswerJournal } from './night-work/answer-journal.ts';
import {
  NIGHT_STATE_PATH,
  type NightState,
  nightBranch,
  parseNightState,
  STAGE_NAME,
  type StageName,
} from './night-work/night-state.ts';
import { RECORDS, readRecord, toText } from './night-work/record-text.ts';

export interface NightWorkOptions {
  readonly repository: Repository;
  /** The folder of all nights' worktrees; this night's is the one named after its cycle. */
  readonly dir: string;
  readonly cycle: string;
  readonly strategy: string;
  /** Main as a new night finds it. One that is taken up keeps its own: see `base`. */
  readonly base: CommitHash;
  readonly author: Person;
  /** Wall clock, UTC milliseconds: dates the commits, and what is past its term is told by it. */
  readonly clock: () => number;
}

/** What came of one stage. */
export interface StageResult<T> {
  /** Plain JSON: `canonicalJson` must be able to write it. */
  readonly record: T;
  /** Content by path in the repository, committed together with the record; null removes one. */
  readonly files?: ReadonlyMap<string, string | null>;
}

/**
 * What one night has done so far, on a worktree of its own: a commit a stage. A night that was killed and is run again finds there what
 * it had finished, and does the rest. Only one program at a time may work on a night; whoever holds nights sees to it.
 */
export class NightWork {
  readonly #worktree: Worktree;
  readonly #author: Person;
  readonly #clock: () => number;
  #state: NightState;

  private constructor(worktree: Worktree, { author, clock }: NightWorkOptions, state: NightState) {
    this.#worktree = worktree;
    this.#author = author;
    this.#clock = clock;
    this.#state = state;
  }

  /**
   * Begins the night's worktree, or takes up the one it has; whatever lies there and was not committed is discarded.
   * @throws RatchetError `night/work-record` when what says how far the night has come cannot be read; `night/work-strategy` when the
   * cycle is another strategy's
   */
  static async open(options: NightWorkOptions): Promise<NightWork> {
    const { repository, dir, cycle, strategy, base, author, clock } = options;
    const branch = nightBranch(cycle);
    const worktree = await Worktree.open({ repository, dir: join(dir, cycle), branch }, async () => {
      const beganAt = clock();
      const state: NightState = {
        schema: 'ratchet/night-work/1',
        cycle,
        strategy,
        base,
        beganAt,
        stages: [],
        end: null,
      };
      // Records are the night's own. What main has in their place is somebody's attempt to speak for it.
      const strangers = (await repository.listFiles(base, RECORDS)).map(({ path }) => [path, null] as const);
      const changes = new Map([...strangers, [NIGHT_STATE_PATH, toText(state)]]);
      return repository.commit({
        parent: base,
        changes,
        message: `Begin night ${cycle} for ${strategy}`,
        author,
        date: new Date(beganAt),
      });
    });
    const state = parseNightState(await worktree.readText(NIGHT_STATE_PATH), worktree.dir);
    if (state.strategy !== strategy)
      throw new RatchetError(
        'night/work-strategy',
        `Night ${cycle} in ${dir} is about ${state.strategy}, not ${strategy}.`,
        `See it with \`ratchet worktrees show ${cycle}\`; what is not needed goes with \`ratchet worktrees remove ${cycle} --force\`.`,
        { cycle, strategy },
      );
    return new NightWork(worktree, options, state);
  }

  /** The checkout. */
  get dir(): string {
    return this.#worktree.dir;
  }

  /** Main as the night found it when it began; main may have moved before it was taken up. */
  get base(): CommitHash {
    return this.#state.base;
  }

  /**
   * Gives the stage's record when an earlier run of this night has committed it; otherwise does the work and commits record and files
   * together. A stage that a night has several times carries a number: `examine-1`, `examine-2`.
   * @returns the record as it reads back, so that a night that was interrupted goes on with the same as one that was not
   * @throws RatchetError `night/work-record` when the committed record does not fit `schema`
   */
  async stage<T>(name: StageName, schema: z.ZodType<T>, work: (journal: AnswerJournal) => Promise<StageResult<T>>): Promise<T> {
    STAGE_NAME.parse(name);
    const path = `${RECORDS}/${name}.json`;
    const place = { path, dir: this.#worktree.dir };
    if (this.#state.stages.some((stage) => stage.name === name))
      return readRecord(await this.#worktree.readText(path), schema, place);
    const journal = await AnswerJournal.open(this.#worktree, {
      stage: name,
      commit: (changes, message) => this.#commit(changes, message),
    });
    const { record, files = new Map<string, string | null>() } = await work(journal);
    const own = [...files.keys()].find((file) => file === RECORDS || file.startsWith(`${RECORDS}/`));
    if (own !== undefined) throw new Error(`${own} is no file that a stage may write.`);
    const text = toText(record);
    // Before it is committed: a record that cannot be read back would stop every later run.
    const read = readRecord(Buffer.from(text).toString('utf8'), schema, place);
    const content = [...files].map(([file, said]): [string, Uint8Array | null] => [
      file,
      said === null ? null : Buffer.from(said),
    ]);
    const state = { ...this.#state, stages: [...this.#state.stages, { name, at: this.#clock() }] };
    await this.#save(state, new Map<string, Uint8Array | null>([...content, [path, text]]), `Night ${state.cycle}: ${name}`);
    return read;
  }

  /** Marks the night as finished: from here on its term runs. A night that has ended keeps its end. */
  async end({ decision, reason }: { readonly decision: string; readonly reason: string }): Promise<void> {
    if (this.#state.end !== null) return;
    const state = { ...this.#state, end: { decision, reason, at: this.#clock() } };
    await this.#save(state, new Map(), `Night ${state.cycle} ends: ${decision}`);
  }

  async #save(state: NightState, changes: ReadonlyMap<string, Uint8Array | null>, message: string): Promise<void> {
    await this.#commit(new Map([...changes, [NIGHT_STATE_PATH, toText(state)]]), message);
    this.#state = state;
  }

  async #commit(changes: ReadonlyMap<string, Uint8Array | null>, message: string): Promise<void> {
    await this.#worktree.commit({ changes, message, author: this.#author, date: new Date(this.#clock()) });
  }
}
