import { table, text } from '#bot/evidence/markdown.ts';
import { count, counted, signedPercent } from '#bot/evidence/numbers.ts';
import { changesIn } from '#bot/memory/insights.ts';
import { shortenedText } from '#bot/orchestrator/dashboard/shortened-text.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';

/** One configuration, as the ledger has it. */
export interface Tried {
  readonly trial: number;
  readonly label: string;
  /** `unfinished` of one that was planned in a night that did not come to its end. */
  readonly outcome: 'scored' | 'rejected' | 'unfinished';
  readonly netReturn: number | null;
  readonly resultId: string | null;
  readonly reason: string | null;
}

const MOVES_SHOWN = 12;
const BEST_SHOWN = 10;
const REASONS_SHOWN = 8;
/** Of fewer trials none has a part that is usual. */
const USUAL_OF = 10;
/** Characters up to which proposers write a label whole. */
const LABEL_CUT_AT = 200;

/** Markdown: trials by what they moved, the best of them, and why others never ran. Empty where none was made. */
export function triedText(trials: readonly Tried[]): string {
  if (trials.length === 0) return '';
  const moves = movesOf(trials);
  const parts = [movesPart(moves), bestPart(trials), refusedPart(trials)];
  return ['All on the development data, which prove nothing by themselves.', ...parts.filter((part) => part !== '')].join('\n\n');
}

type Move = readonly [move: string, trials: readonly Tried[]];

/** The most tried first. */
function movesOf(trials: readonly Tried[]): readonly Move[] {
  const moves = new Map<string, Tried[]>();
  for (const trial of trials) for (const move of changesIn(trial.label)) moves.set(move, [...(moves.get(move) ?? []), trial]);
  return [...moves].toSorted(([one, a], [other, b]) => b.length - a.length || (one < other ? -1 : 1));
}

function movesPart(rows: readonly Move[]): string {
  const shown = rows.slice(0, MOVES_SHOWN).map(([move, of]) => {
    const returns = of.flatMap(({ netReturn }) => netReturn ?? []);
    const best = returns.length === 0 ? null : Math.max(...returns);
    const middle = returns.length === 0 ? null : quantileOf(returns, 0.5);
    const refused = of.filter(({ outcome }) => outcome === 'rejected').length;
    return [text(move), count(of.length), count(refused), signedPercent(middle), signedPercent(best)];
  });
  const more = rows.length - shown.length;
  const columns = [
    { title: 'Move', alignment: 'left' },
    { title: 'Trials', alignment: 'right' },
    { title: 'Refused', alignment: 'right' },
    { title: 'Net return, median', alignment: 'right' },
    { title: 'Best', alignment: 'right' },
  ] as const;
  return [
    `By move; a trial that makes several counts for each${more === 0 ? '' : `, and ${counted(more, 'rarer move')} ${more === 1 ? 'is' : 'are'} left out`}:`,
    table(columns, shown),
  ].join('\n\n');
}

function bestPart(trials: readonly Tried[]): string {
  const best = bestOf(trials);
  if (best.length === 0) return '';
  const usual = usualIn(trials);
  const columns = [
    { title: 'Trial', alignment: 'right' },
    { title: 'Net return', alignment: 'right' },
    { title: 'What it changes', alignment: 'left' },
  ] as const;
  const rows = best.map(({ trial, netReturn, label }) => [String(trial), signedPercent(netReturn), text(told(label, usual))]);
  const list = `The usual changes, which more than half of all trials make: ${usual.map(text).join('; ')}.`;
  return [
    best.length === 1 ? 'The best:' : `The best ${best.length}:`,
    table(columns, rows),
    ...(usual.length === 0 ? [] : [list]),
  ].join('\n\n');
}

/** What most labels begin with hides what tells one trial from the next. */
function usualIn(trials: readonly Tried[]): readonly string[] {
  if (trials.length < USUAL_OF) return [];
  const times = new Map<string, number>();
  for (const { label } of trials) for (const part of new Set(partsOf(label))) times.set(part, (times.get(part) ?? 0) + 1);
  return [...times].flatMap(([part, of]) => (of > trials.length / 2 ? [part] : []));
}

function told(label: string, usual: readonly string[]): string {
  const parts = partsOf(label);
  const own = parts.filter((part) => !usual.includes(part));
  const shared = parts.length - own.length;
  const whole = [...(shared === 0 ? [] : [`${shared} of ${counted(usual.length, 'usual change')}`]), ...own].join(', ');
  return label.length < LABEL_CUT_AT ? whole : `${whole}…`;
}

/** A clause each, as proposers join them. */
function partsOf(label: string): readonly string[] {
  return label.split(/[,;] (?=[^,;]*:)/);
}

/** The best on the development data; of equal ones the first. */
export function bestOf(trials: readonly Tried[]): readonly Tried[] {
  return trials
    .filter(({ netReturn }) => netReturn !== null)
    .toSorted((a, b) => b.netReturn! - a.netReturn! || a.trial - b.trial)
    .slice(0, BEST_SHOWN);
}

function refusedPart(trials: readonly Tried[]): string {
  const reasons = new Map<string, number>();
  for (const { outcome, reason } of trials)
    if (outcome === 'rejected') reasons.set(reason ?? '', (reasons.get(reason ?? '') ?? 0) + 1);
  if (reasons.size === 0) return '';
  const rows = [...reasons].toSorted(([, a], [, b]) => b - a);
  const lines = rows
    .slice(0, REASONS_SHOWN)
    .map(([reason, times]) => `- ${count(times)}: ${reason === '' ? 'no reason was written down' : shortenedText(reason)}`);
  const more = rows.length - lines.length;
  return [
    'Refused before they ran:',
    [...lines, ...(more === 0 ? [] : [`- and ${counted(more, 'other reason')}`])].join('\n'),
  ].join('\n\n');
}
