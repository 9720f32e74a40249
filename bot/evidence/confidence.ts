import { chance, count } from './numbers.ts';
import type { Pack } from './pack.ts';

/** One question a person would ask before believing a backtest, answered from the pack's own numbers. */
export interface Check {
  readonly holds: boolean;
  /** A whole sentence's claim when it holds, and when not. Plain text. */
  readonly claim: string;
}

/** How far the evidence goes. No backtest earns a word stronger than `good`. */
export type Confidence = 'good' | 'fair' | 'thin' | 'none';

export interface Months {
  readonly total: number;
  readonly ahead: number;
}

/** Fewer round trips than this and one lucky trade can be the whole result. */
export const TRADES_MIN = 30;
/** What statisticians call sure by convention. */
export const TRUSTED = 0.95;
/** Fewer calendar months and a count of months says nothing. */
const MONTHS_MIN = 3;

/** Did the candidate earn more than the incumbent on the selection data, after costs? Equal is not more. */
export function beatsIncumbent(pack: Pack): boolean {
  return pack.candidate.selection.metrics.netReturn > pack.incumbent.selection.metrics.netReturn;
}

/** The questions in the order in which they matter: is it better than what runs, does it earn at all, and then the others. */
export function checks(pack: Pack): readonly Check[] {
  const candidate = pack.candidate.selection.metrics;
  const doubled = pack.costs.find((row) => row.multiplier === 2);
  const months = monthsAhead(pack);
  const asked: Check[] = [
    either(
      beatsIncumbent(pack),
      'earns more than the running version on data the search did not see',
      'does not earn more than the running version on data the search did not see',
    ),
    either(candidate.netReturn > 0, 'earns money at all after costs', 'loses money after costs'),
    either(
      candidate.netReturn > pack.buyAndHold.selection.netReturn,
      'earns more than buying and holding',
      'earns less than buying and holding',
    ),
  ];
  if (doubled !== undefined) {
    asked.push(
      either(
        doubled.candidate > doubled.incumbent,
        'stays ahead when trading costs twice as much',
        'is not ahead when trading costs twice as much',
      ),
    );
  }
  asked.push(
    either(
      pack.delayedOneBar.candidate > pack.delayedOneBar.incumbent,
      'stays ahead when every order comes one bar late',
      'is not ahead when every order comes one bar late',
    ),
    either(
      candidate.trades >= TRADES_MIN,
      `made ${candidate.trades} trades, enough to be more than a few lucky ones`,
      `made only ${candidate.trades} trades: a few lucky ones could be the whole result`,
    ),
  );
  if (months !== null) {
    asked.push(
      either(
        months.ahead * 2 > months.total,
        `was ahead in ${months.ahead} of ${months.total} months`,
        `was ahead in only ${months.ahead} of ${months.total} months`,
      ),
    );
  }
  return [...asked, ...statisticalChecks(pack)];
}

/** What a person without statistics would not think of asking. Each is asked only where there is an answer. */
function statisticalChecks({ comparison, statistics, neighbourhood, search, incumbent }: Pack): Check[] {
  const asked: Check[] = [];
  const lead = comparison.incumbent.netReturn;
  if (lead !== null) {
    asked.push(
      either(
        lead.low > 0,
        'has a lead over the running version that is more than chance',
        lead.high < 0
          ? 'is behind the running version by more than chance'
          : 'has a lead over the running version that can be chance',
      ),
    );
  }
  const { deflatedSharpe } = statistics;
  if (deflatedSharpe !== null) {
    const tries = search.trialsEver === 1 ? 'one trial' : `all ${count(search.trialsEver)} trials`;
    asked.push(
      either(
        deflatedSharpe >= TRUSTED,
        `earns more than the luck of ${tries} would`,
        `is not sure to earn more than the luck of ${tries} would: the chance is ${chance(deflatedSharpe)}`,
      ),
    );
  }
  const widest = neighbourhood.at(-1);
  if (widest?.worst != null) {
    asked.push(
      either(
        widest.worst > incumbent.selection.metrics.netReturn,
        'stays ahead with slightly other parameters',
        'falls behind with slightly other parameters',
      ),
    );
  }
  return asked;
}

/** As many may fail of a result that is still called fair. */
const FAIR_FAILURES_MAX = 3;

/**
 * The word for the evidence as a whole: `none` when the first question fails, no more than `thin` when the second does, for what loses
 * money less quickly still loses it; then by how many of them hold.
 */
export function confidence(asked: readonly Check[]): Confidence {
  if (asked[0]?.holds !== true) return 'none';
  if (asked[1]?.holds !== true) return 'thin';
  const failed = asked.filter((check) => !check.holds).length;
  if (failed === 0) return 'good';
  return failed <= FAIR_FAILURES_MAX ? 'fair' : 'thin';
}

/**
 * Calendar months (UTC) of the selection data in which the candidate's equity grew by more than the incumbent's.
 * The first and the last month may be parts of one. Null when there are too few to count.
 */
export function monthsAhead(pack: Pack): Months | null {
  const { time, candidate, incumbent } = pack.equity;
  if (time.length < 2) return null;
  let total = 0;
  let ahead = 0;
  let start = 0;
  for (let index = 1; index < time.length; index += 1) {
    const isMonthEnd = index === time.length - 1 || month(time[index + 1]!) !== month(time[index]!);
    if (!isMonthEnd) continue;
    total += 1;
    if (candidate[index]! / candidate[start]! > incumbent[index]! / incumbent[start]!) ahead += 1;
    start = index;
  }
  return total < MONTHS_MIN ? null : { total, ahead };
}

function month(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function either(holds: boolean, yes: string, no: string): Check {
  return { holds, claim: holds ? yes : no };
}
