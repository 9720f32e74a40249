import { join } from 'node:path';
import { code, text } from '#bot/evidence/markdown.ts';
import { counted, decimal } from '#bot/evidence/numbers.ts';
import { spendingText } from '#bot/orchestrator/dashboard/spending-text.ts';
import type { NightState } from '#bot/orchestrator/night-work/night-state.ts';
import { readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import type { Spending } from '#bot/proposers/claude/spending.ts';

/** More exchanges than that no night has. */
const EXCHANGES_MAX = 1_000;

/** What a night asked of models. */
export interface NightExchanges {
  readonly spent: readonly Spending[];
  /** That were begun and have no end on record, or cannot be read: what they cost is not known here. */
  readonly untold: number;
}

/** What one night asked of models, by purpose, model and currency, from the exchanges that are kept. @param dir the bot's own folder */
export function exchangesOf(cycle: string, dir: string): NightExchanges {
  const { thoughts } = readThoughts(join(dir, 'thoughts'), { cycle, max: EXCHANGES_MAX });
  const sums = new Map<string, Spending>();
  let untold = 0;
  for (const { thought } of thoughts) {
    if (thought?.tokens === undefined) {
      untold += 1;
      continue;
    }
    const { purpose, model, tokens, money } = thought;
    const currency = money?.currency ?? null;
    const key = `${purpose} ${model} ${currency}`;
    const known = sums.get(key) ?? { purpose, model, calls: 0, tokens: 0, money: null, currency };
    const paid = money == null ? known.money : (known.money ?? 0) + money.micros;
    sums.set(key, { ...known, calls: known.calls + 1, tokens: known.tokens + tokens, money: paid });
  }
  const order = [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { spent: order.map(([, row]) => row), untold };
}

/** Markdown: what a night took in trials, questions, time, tokens and money. */
export function costText(
  { planned, asked, above }: { readonly planned: number; readonly asked: number; readonly above: number },
  state: NightState | null,
  exchanges: NightExchanges | null,
): string {
  const answered = asked === 0 ? '' : `, ${above} of them answered with yes`;
  return [
    `- ${counted(planned, 'trial')}, and ${counted(asked, 'question')} to the selection data${answered}`,
    ...(state === null ? [] : [`- ${timeText(state)}`]),
    ...(exchanges === null ? [] : modelLines(exchanges)),
  ].join('\n');
}

function timeText({ beganAt, stages, end }: NightState): string {
  let before = beganAt;
  const parts = stages.map(({ name, at }) => {
    const took = lasted(at - before);
    before = at;
    return `${name} ${took}`;
  });
  const last = end?.at ?? before;
  const sum = `${lasted(last - beganAt)} by the clock${end === null ? ' so far' : ''}`;
  return parts.length === 0 ? sum : `${sum}: ${parts.join(', ')}`;
}

/** `0.3 s`, `47 s`, `3.5 min`. */
function lasted(ms: number): string {
  if (ms >= 120_000) return `${decimal(ms / 60_000, 1)} min`;
  return `${decimal(ms / 1_000, ms < 10_000 ? 1 : 0)} s`;
}

function modelLines({ spent, untold }: NightExchanges): readonly string[] {
  if (spent.length === 0 && untold === 0) return ['- no model was asked anything'];
  const lost =
    untold === 0 ? [] : [`- ${counted(untold, 'exchange')} without an end on record; the day's budget counts what they took`];
  return [...spent.map((row) => `- ${code(row.model)} for ${text(row.purpose)}: ${spendingText([row])}`), ...lost];
}
