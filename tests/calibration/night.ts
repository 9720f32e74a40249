import { returnsByDay } from '#bot/evidence/ledger.ts';
import type { PolicyFacts } from '#bot/gates/policy/facts.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { type Arena, CAPITAL, type Contender, type Play } from './arena.ts';
import type { Exam } from './exam.ts';
import { statisticsOf } from './statistics-of.ts';

/** A search as a night makes it: what is tried, and what runs already. */
export interface Night {
  readonly trials: readonly Contender[];
  readonly incumbent: Contender;
}

/** What the gate is told of the night's choice. */
export interface Candidacy {
  readonly chosen: Contender;
  readonly evidence: PolicyFacts['evidence'];
  readonly forward: PolicyFacts['forward'];
}

/**
 * Plays nights: every trial on the development data, the one with the best Sharpe ratio there on the selection data, at single and
 * doubled costs, and on the time after. Choosing by the very figure the gate asks for is the choice that is hardest on it.
 */
export async function playNights(arena: Arena, exam: Exam, nights: readonly Night[]): Promise<readonly Candidacy[]> {
  await arena.enter(exam);
  const { development, selection, forward } = exam.spans;
  const searched = await arena.run(
    nights.flatMap(({ trials, incumbent }) =>
      [...trials, incumbent].map((contender) => ({ contender, span: development, costs: 1 })),
    ),
  );
  let next = 0;
  const found = nights.map(({ trials, incumbent }) => {
    const results = searched.slice(next, next + trials.length);
    const before = searched[next + trials.length]!;
    next += trials.length + 1;
    const best = bestOf(results);
    return { chosen: trials[best]!, incumbent, results, best, before };
  });
  const examined = await arena.run(
    found.flatMap(({ chosen, incumbent }): Play[] => [
      { contender: chosen, span: selection, costs: 1 },
      { contender: incumbent, span: selection, costs: 1 },
      { contender: chosen, span: selection, costs: 2 },
      { contender: incumbent, span: selection, costs: 2 },
      { contender: chosen, span: forward, costs: 1 },
    ]),
  );
  return found.map(({ chosen, results, best, before }, index): Candidacy => {
    const [candidate, incumbent, dear, dearIncumbent, watched] = examined.slice(5 * index, 5 * index + 5) as [
      BacktestResult,
      BacktestResult,
      BacktestResult,
      BacktestResult,
      BacktestResult,
    ];
    const trials = results.map(({ equity }) => returnsByDay(equity, CAPITAL, development));
    return {
      chosen,
      evidence: {
        development: { candidate: factsOf(results[best]!), incumbent: factsOf(before) },
        selection: { candidate: factsOf(candidate), incumbent: factsOf(incumbent) },
        costs: { doubled: { candidate: dear.metrics.netReturn, incumbent: dearIncumbent.metrics.netReturn } },
        trials: results.length,
        trialsEver: results.length,
        statistics: statisticsOf(trials, returnsByDay(candidate.equity, CAPITAL, selection)),
      },
      forward: {
        days: (forward.to - forward.from) / 86_400_000,
        trades: watched.metrics.trades,
        netReturn: watched.metrics.netReturn,
      },
    };
  });
}

function bestOf(results: readonly BacktestResult[]): number {
  let best = 0;
  for (const [index, { metrics }] of results.entries()) {
    if ((metrics.sharpe ?? Number.NEGATIVE_INFINITY) > (results[best]!.metrics.sharpe ?? Number.NEGATIVE_INFINITY)) best = index;
  }
  return best;
}

function factsOf({ metrics: { netReturn, maxDrawdown, trades } }: BacktestResult) {
  return { netReturn, maxDrawdown, trades };
}
