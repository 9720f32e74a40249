import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import type { Via } from './access.ts';
import type { CallReport, ModelRequest } from './messages.ts';
import type { Micros } from './money.ts';
import type { JudgedOutcome } from './outcome.ts';
import type { Purpose } from './purpose.ts';

/** What is known of an exchange before it. */
export interface ThoughtBegun {
  /** What the model was asked for. */
  readonly purpose: Purpose;
  /** Whom or what it was asked for: a login, a night. */
  readonly by: string;
  /** UTC milliseconds. */
  readonly beganAt: number;
  readonly via: Via['kind'];
  readonly baseUrl: string | null;
  readonly request: ModelRequest;
}

export interface ThoughtEnded {
  /** UTC milliseconds. */
  readonly endedAt: number;
  readonly report: CallReport;
  /** What its words came to. */
  readonly outcome: JudgedOutcome;
  /** As counted against the day's budget. */
  readonly tokens: number;
  /** The same in millionths of the currency's unit; null where the model had no price. */
  readonly money: { readonly micros: Micros; readonly currency: string } | null;
}

/** So many exchanges may begin in one millisecond. */
const NAMES_MAX = 100;
/** A night's cycle becomes a folder's name. */
const CYCLE = /^[A-Za-z0-9][A-Za-z0-9-]{0,79}$/;

/**
 * Every exchange with a model, whole, one JSON file each, readable by the owner alone: a person's questions side by side, a night's in a
 * folder with its cycle's name. It is written before the call, so that one that is cut off has left its question, and again after it.
 */
export class Thoughts {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Returns the file's name in the folder. @throws the disk's own errors: nothing was spent yet, so the whole may be tried again */
  begin(thought: ThoughtBegun): string {
    const folder = folderOf(thought);
    mkdirSync(join(this.#dir, folder), { recursive: true, mode: 0o700 });
    const stem = join(folder, `${new Date(thought.beganAt).toISOString().replaceAll(':', '-')}-${thought.purpose}`);
    for (let number = 1; number <= NAMES_MAX; number += 1) {
      const name = number === 1 ? `${stem}.json` : `${stem}-${number}.json`;
      const draft = this.#draft(name, written(thought, null));
      try {
        // Unlike a rename, a link never replaces what is there.
        linkSync(draft, join(this.#dir, name));
        return name;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      } finally {
        rmSync(draft);
      }
    }
    throw new RatchetError('claude/thoughts', `${this.#dir} has too many exchanges of one moment.`, 'Ask again.');
  }

  /** @throws RatchetError `claude/thoughts`: what has cost tokens is not asked for again because a disk is full */
  end(name: string, thought: ThoughtBegun, ended: ThoughtEnded): void {
    try {
      renameSync(this.#draft(name, written(thought, ended)), join(this.#dir, name));
    } catch (error) {
      const message = 'The model has answered, and its answer could not be written down, so it is not shown.';
      throw new RatchetError('claude/thoughts', message, `See to the disk of the bot (${this.#dir}).`, { name }, error);
    }
  }

  #draft(name: string, text: string): string {
    const draft = join(this.#dir, dirname(name), `.${basename(name)}.new`);
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
    return draft;
  }
}

/** @throws RatchetError `claude/thoughts` for a night without a name: a slip of whoever asks */
function folderOf({ purpose, by }: ThoughtBegun): string {
  if (purpose === 'ask') return '';
  if (CYCLE.test(by)) return by;
  throw new RatchetError(
    'claude/thoughts',
    `A model was to be asked for ${JSON.stringify(by)}, which is no night.`,
    'Give its cycle.',
  );
}

function written({ purpose, by, beganAt, via, baseUrl, request }: ThoughtBegun, ended: ThoughtEnded | null): string {
  const { model } = request;
  const began = { schema: 'ratchet/thought/2', purpose, by, model, via, baseUrl, beganAt: instant(beganAt), request };
  if (ended === null) return `${JSON.stringify({ ...began, endedAt: null }, null, 2)}\n`;
  const { endedAt, tokens, money, report, outcome } = ended;
  return `${JSON.stringify({ ...began, endedAt: instant(endedAt), tokens, money, ...report, outcome }, null, 2)}\n`;
}

function instant(time: number): string {
  return new Date(time).toISOString();
}
