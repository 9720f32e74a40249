import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '#engine/log.ts';
import { mostTokensOf, tokensRead, tokensSpent } from './count-tokens.ts';
import type { ModelRequest } from './messages.ts';
import { callInProcess } from './model-process.ts';
import type { ModelOutcome } from './outcome.ts';
import type { ModelAccess } from './settings.ts';
import { Thoughts } from './thoughts.ts';
import { TokenBudget } from './token-budget.ts';

/** Longer than that nobody waits for an answer. */
const DEADLINE_MS = 120_000;

export interface ModelOptions {
  readonly access: ModelAccess;
  /** The bot's own folder: the budget and `thoughts/` are kept in it. */
  readonly dir: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  readonly deadlineMs?: number;
  /** Told of each process that makes a call. */
  readonly onStart?: (pid: number) => void;
}

/** What a model is told, and for what. */
export interface Prompt {
  /** Names the file it is recorded in: `ask`. */
  readonly purpose: string;
  /** Whom or what it is asked for. */
  readonly by: string;
  readonly system: string;
  readonly messages: ModelRequest['messages'];
}

/** What came of a prompt. */
export interface Exchange {
  readonly outcome: ModelOutcome;
  readonly model: string;
  /** As the API counts them; null when it did not say. */
  readonly tokens: { readonly read: number; readonly written: number } | null;
  /** Tokens of today that are left after it. */
  readonly left: number;
  readonly dailyTokens: number;
  /** The record's name in `thoughts/`; null when there was no call. */
  readonly record: string | null;
}

/** A model that is configured: asked within a day's budget, in a process of its own, and everything it says is kept. */
export class Model {
  readonly #options: ModelOptions;
  readonly #log: Logger;
  readonly #budget: TokenBudget;
  readonly #thoughts: Thoughts;
  readonly #stopping = new AbortController();

  private constructor(options: ModelOptions) {
    const { dir, access, clock, log } = options;
    mkdirSync(dir, { recursive: true });
    this.#options = options;
    this.#log = log.child({ room: 'claude' });
    this.#budget = TokenBudget.open(join(dir, 'model.sqlite'), access.dailyTokens, clock);
    this.#thoughts = new Thoughts(join(dir, 'thoughts'));
  }

  static open(options: ModelOptions): Model {
    return new Model(options);
  }

  /** Asks, when the day's budget has enough for the most it may cost. Whatever goes wrong with the model is an outcome. */
  async say(prompt: Prompt): Promise<Exchange> {
    const { access, clock, deadlineMs = DEADLINE_MS, onStart } = this.#options;
    const { model, dailyTokens, baseUrl, key } = access;
    const { purpose, by, system, messages } = prompt;
    const request: ModelRequest = { model, max_tokens: access.maxOutputTokens, system, messages };
    const most = mostTokensOf(request);
    const none = { model, tokens: null, dailyTokens, record: null };
    if (most > dailyTokens) {
      return { ...none, outcome: { kind: 'budget-too-small', needed: most, dailyTokens }, left: this.#budget.left() };
    }
    const reservation = this.#budget.reserve(most, { purpose, model });
    if (reservation.kind === 'spent') {
      const { left, backAt } = reservation;
      return { ...none, outcome: { kind: 'budget-spent', backAt, needed: most, left }, left };
    }
    const thought = { purpose, by, beganAt: clock(), baseUrl, request };
    const record = this.#begin(thought, reservation.id);
    const options = { signal: this.#stopping.signal, ...(onStart === undefined ? {} : { onStart }) };
    const report = await callInProcess({ key, baseUrl, request, deadlineMs }, options);
    const tokens = tokensSpent(report, { request, most });
    this.#budget.settle(reservation.id, tokens);
    this.#thoughts.end(record, thought, { endedAt: clock(), report, tokens });
    this.#log.info({ purpose, model, outcome: report.outcome.kind, tokens, record }, 'A model was asked.');
    const { usage } = report;
    return {
      outcome: report.outcome,
      model,
      tokens: usage === null ? null : { read: tokensRead(usage), written: usage.output_tokens },
      left: this.#budget.left(),
      dailyTokens,
      record,
    };
  }

  /** Ends calls that are under way: each becomes an outcome soon. */
  stop(): void {
    this.#stopping.abort();
  }

  /** When nothing is under way any more. */
  close(): void {
    this.#budget.close();
  }

  #begin(thought: Parameters<Thoughts['begin']>[0], reservation: number): string {
    try {
      return this.#thoughts.begin(thought);
    } catch (error) {
      // No call is made, so none is paid for.
      this.#budget.settle(reservation, 0);
      throw error;
    }
  }
}
