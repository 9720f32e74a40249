import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Logger } from '#engine/log.ts';
import { Budget, type Left, type Reservation } from './budget.ts';
import { type Cost, costOf, mostOf, tokensRead } from './cost.ts';
import type { CallReport, ModelRequest } from './messages.ts';
import { callInProcess } from './model-process.ts';
import type { Micros } from './money.ts';
import type { JudgedOutcome, ModelOutcome } from './outcome.ts';
import { removePastThoughts } from './past-thoughts.ts';
import { deadlineFor, type Purpose } from './purpose.ts';
import type { ModelAccess } from './settings.ts';
import { judge, outputFormat } from './structured.ts';
import { Thoughts } from './thoughts.ts';

const DAY_MS = 86_400_000;

export interface ModelOptions {
  readonly access: ModelAccess;
  /** The bot's own folder: the budget and `thoughts/` are kept in it. */
  readonly dir: string;
  /** Where the day's budget is, when it is another's that pays; left out, in `dir`. */
  readonly budgetDir?: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  /** Longer than that nobody waits for an answer; left out, as long as the longest answer takes. */
  readonly deadlineMs?: number;
  /** Told of each process that makes a call. */
  readonly onStart?: (pid: number) => void;
}

/** A layer of what a model is told about itself and the system. */
export interface SystemBlock {
  readonly text: string;
  /** Ends what is the same from call to call, so that the API keeps all up to here and reads it for less the next time. At most four. */
  readonly cache?: boolean;
}

/** What a model is told, and for what. */
export interface Prompt<T = string> {
  readonly purpose: Purpose;
  /** Whom or what it is asked for: a login, or a night's cycle. */
  readonly by: string;
  readonly system: readonly SystemBlock[];
  readonly messages: ModelRequest['messages'];
  /** Which JSON the answer shall be; left out, it is text. What fits comes back as the outcome's `value`. */
  readonly answer?: z.ZodType<T>;
}

/** What came of a prompt. */
export interface Exchange<T = string> {
  readonly outcome: ModelOutcome<T>;
  /** As it was asked for. */
  readonly model: string;
  /** As the API names whoever answered: a name that was asked for may be an alias. Null when no message came. */
  readonly answeredBy: string | null;
  /** As the API counts them; null when it did not say. */
  readonly tokens: { readonly read: number; readonly written: number } | null;
  /** Tokens of today that are left after it. */
  readonly left: number;
  readonly dailyTokens: number;
  /** What it cost of today's money, and what is left of that; null where the model has no price. */
  readonly money: {
    readonly spent: Micros;
    /** Null, as `daily`, when money has no limit. */
    readonly left: Micros | null;
    readonly daily: Micros | null;
    readonly currency: string;
  } | null;
  /** The record's name in `thoughts/`; null when there was no call. */
  readonly record: string | null;
}

/** A model that is configured: asked within a day's budget, in a process of its own, and everything it says is kept. */
export class Model {
  readonly #options: ModelOptions;
  readonly #log: Logger;
  readonly #budget: Budget;
  readonly #thoughts: Thoughts;
  readonly #stopping = new AbortController();
  /** The day, counted from 1970, on which past exchanges were last taken away. */
  #tidiedOn = -1;

  private constructor(options: ModelOptions) {
    const { dir, budgetDir = dir, access, clock, log } = options;
    for (const folder of [dir, budgetDir]) mkdirSync(folder, { recursive: true });
    this.#options = options;
    this.#log = log.child({ room: 'claude' });
    this.#budget = Budget.open(join(budgetDir, 'model.sqlite'), access, clock);
    this.#thoughts = new Thoughts(join(dir, 'thoughts'));
    this.#tidy();
  }

  static open(options: ModelOptions): Model {
    return new Model(options);
  }

  /** Asks, when the day's budget has enough for the most it may cost. Whatever goes wrong with the model is an outcome. */
  async say<T = string>(prompt: Prompt<T>): Promise<Exchange<T>> {
    const { access, clock, onStart } = this.#options;
    const { via, baseUrl, credential } = access;
    const { purpose, by } = prompt;
    this.#tidy();
    const request = requestFor(prompt, access);
    const { model } = request;
    const price = access.prices[model] ?? null;
    const most = mostOf(request, price);
    const reservation = this.#budget.reserve(most, { purpose, model });
    if (reservation.kind === 'spent') return this.#notAsked(model, most, reservation);
    const thought = { purpose, by, beganAt: clock(), via: via.kind, baseUrl, request };
    const record = this.#begin(thought, reservation.id);
    const options = { signal: this.#stopping.signal, ...(onStart === undefined ? {} : { onStart }) };
    const deadlineMs = this.#options.deadlineMs ?? deadlineFor(request.max_tokens);
    const report = await callInProcess({ via, credential, baseUrl, request, deadlineMs }, options);
    const cost = costOf(report, { request, most, price });
    this.#budget.settle(reservation.id, cost);
    const outcome = outcomeOf(report, prompt);
    const spent = { tokens: cost.tokens, money: this.#money(cost) };
    this.#thoughts.end(record, thought, { endedAt: clock(), report, outcome: asRecorded(outcome), ...spent });
    this.#log.info({ purpose, by, model, outcome: outcome.kind, ...cost, record }, 'A model was asked.');
    return { ...this.#accounts(cost), outcome, model, answeredBy: answererOf(report), tokens: tokensOf(report), record };
  }

  /** Ends calls that are under way: each becomes an outcome soon. */
  stop(): void {
    this.#stopping.abort();
  }

  /** When nothing is under way any more. */
  close(): void {
    this.#budget.close();
  }

  /** Once a day: a bot may run for months. */
  #tidy(): void {
    const { dir, clock, access } = this.#options;
    const day = Math.floor(clock() / DAY_MS);
    if (day === this.#tidiedOn) return;
    this.#tidiedOn = day;
    try {
      removePastThoughts(join(dir, 'thoughts'), clock() - access.thoughtDays * DAY_MS);
    } catch (error) {
      // What is kept too long keeps nobody from asking.
      this.#log.warn({ err: error }, 'Past exchanges with models could not be removed.');
    }
  }

  #begin(thought: Parameters<Thoughts['begin']>[0], reservation: number): string {
    try {
      return this.#thoughts.begin(thought);
    } catch (error) {
      // No call is made, so none is paid for.
      this.#budget.settle(reservation, { tokens: 0, money: 0 });
      throw error;
    }
  }

  #notAsked(model: string, most: Cost, { what, left, backAt }: Extract<Reservation, { kind: 'spent' }>): Exchange<never> {
    const { dailyTokens, dailyMoney, currency } = this.#options.access;
    const none = {
      ...this.#accounts({ tokens: 0, money: most.money === null ? null : 0 }, left),
      model,
      answeredBy: null,
      tokens: null,
      record: null,
    };
    if (what === 'tokens' || left.money === null || dailyMoney === null) {
      const needed = most.tokens;
      if (needed > dailyTokens) return { ...none, outcome: { kind: 'budget-too-small', needed, dailyTokens } };
      return { ...none, outcome: { kind: 'budget-spent', backAt, needed, left: left.tokens } };
    }
    const needed = most.money ?? 0;
    if (needed > dailyMoney) return { ...none, outcome: { kind: 'money-too-small', needed, dailyMoney, currency } };
    return { ...none, outcome: { kind: 'money-spent', backAt, needed, left: left.money, currency } };
  }

  #accounts(cost: Cost, left: Left = this.#budget.left()): Pick<Exchange, 'left' | 'dailyTokens' | 'money'> {
    const { dailyTokens, dailyMoney } = this.#options.access;
    const spent = this.#money(cost);
    return {
      left: left.tokens,
      dailyTokens,
      money: spent === null ? null : { spent: spent.micros, left: left.money, daily: dailyMoney, currency: spent.currency },
    };
  }

  #money({ money }: Cost): { readonly micros: Micros; readonly currency: string } | null {
    return money === null ? null : { micros: money, currency: this.#options.access.currency };
  }
}

function tokensOf({ usage }: CallReport): Exchange['tokens'] {
  return usage === null ? null : { read: tokensRead(usage), written: usage.output_tokens };
}

function answererOf({ response }: CallReport): string | null {
  const model = response?.model;
  return typeof model === 'string' && model !== '' ? model : null;
}

function requestFor<T>({ purpose, system, messages, answer }: Prompt<T>, access: ModelAccess): ModelRequest {
  return {
    model: purpose === 'review' ? access.reviewModel : access.model,
    max_tokens: access.maxOutputTokens[purpose],
    system: system.map(({ text, cache }) => ({
      type: 'text',
      text,
      ...(cache === true ? { cache_control: { type: 'ephemeral' } } : {}),
    })),
    messages,
    ...(answer === undefined ? {} : { output_config: outputFormat(answer) }),
  };
}

type CalledOutcome<T> = Extract<ModelOutcome<T>, { kind: JudgedOutcome['kind'] }>;

function outcomeOf<T>({ outcome }: CallReport, { answer }: Prompt<T>): CalledOutcome<T> {
  if (outcome.kind !== 'answered') return outcome;
  const { text } = outcome;
  // Without a schema, T is text.
  if (answer === undefined) return { kind: 'answered', text, value: text as T };
  const judged = judge(text, answer);
  if (judged.kind === 'fits') return { kind: 'answered', text, value: judged.value };
  return { kind: judged.kind, text, what: judged.what };
}

/** The text stands for its value. */
function asRecorded<T>(outcome: CalledOutcome<T>): JudgedOutcome {
  return outcome.kind === 'answered' ? { kind: 'answered', text: outcome.text } : outcome;
}
