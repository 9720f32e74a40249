import { nightsOf, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { strategyFiles } from '#bot/gates/context.ts';
import { heldOutStatus } from '#bot/gates/held-out-status.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import type { CommandRoom } from '../command.ts';
import { deployedStrategies, tipOf } from '../deployed.ts';

const NIGHTS_TOLD = 10;
const TRADES_TOLD = 10;
const DECISIONS_TOLD = 10;
const DAYS_TOLD = 30;
/** Of each kind of long fact; a question is worth some thousand tokens, not a hundred thousand. */
const CHARACTERS_MAX = 40_000;

type FactsRoom = Pick<CommandRoom, 'repository' | 'state' | 'engine' | 'clock'>;

/**
 * What a question may be answered from: what reading commands show, and the source of strategies, those the question names first. Of what
 * is held out only the budgets, as `/ledger` shows them.
 */
export async function factsFor(question: string, room: FactsRoom): Promise<readonly Fact[]> {
  const { repository, state, engine, clock } = room;
  const main = await tipOf(repository);
  const ids = (await deployedStrategies(repository, main)).toSorted(
    (left, right) => Number(question.includes(right)) - Number(question.includes(left)),
  );
  const ledger = await readLedgerFrom(state);
  const report = await engine.publishedReport();
  const status = await engine.status();
  return [
    { title: 'now', text: `${new Date(clock()).toISOString()}; main is at ${main}; its strategies: ${ids.join(', ') || 'none'}` },
    { title: 'engine status', text: status === null ? 'The engine has published nothing.' : JSON.stringify(status) },
    ...(report === null ? [{ title: 'engine report', text: 'The engine has published no report.' }] : reportFacts(report, ids)),
    { title: `the last ${NIGHTS_TOLD} nights of the ledger`, text: JSON.stringify(nightsOf(ledger).slice(-NIGHTS_TOLD)) },
    { title: 'budgets of the held-out data', text: JSON.stringify(budgets(await heldOutStatus(repository, ledger))) },
    ...(await sourceFacts(room, main, ids)),
  ];
}

/** The engine's figures, strategy by strategy, the newest of each. Times are UTC milliseconds. */
function reportFacts(
  { asOf, control, risk, strategies, strategiesOmitted }: EngineReport,
  ids: readonly string[],
): readonly Fact[] {
  const rank = new Map(ids.map((id, index) => [id, index]));
  const parts = strategies
    .toSorted((left, right) => (rank.get(left.id) ?? ids.length) - (rank.get(right.id) ?? ids.length))
    .map((strategy) => ({
      title: `engine report on ${strategy.id}`,
      text: JSON.stringify({
        ...strategy,
        trades: strategy.trades.slice(-TRADES_TOLD),
        decisions: strategy.decisions.slice(-DECISIONS_TOLD),
        dailyEquity: strategy.dailyEquity.slice(-DAYS_TOLD),
      }),
    }));
  return [
    { title: 'engine report', text: JSON.stringify({ asOf, control, risk, strategiesOmitted }) },
    ...withinBounds('engine report', parts),
  ];
}

/** Not a date and not a margin of what is held out: those are nobody's to search by. */
function budgets({ selection, vault }: Awaited<ReturnType<typeof heldOutStatus>>): object {
  const { answers, left, daysToRefill } = selection;
  const { spent, alpha, next } = vault;
  return {
    selection: { answers, left, daysToRefill },
    vault: { errorSpent: spent, errorAllowed: alpha, nextOpeningAt: next, daysToRefill: vault.daysToRefill },
  };
}

async function sourceFacts({ repository }: FactsRoom, main: CommitHash, ids: readonly string[]): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const id of ids) {
    const files = await strategyFiles(repository, main, id);
    for (const [path, text] of files) if (/\.(ts|ya?ml)$/.test(path)) facts.push({ title: `strategies/${id}/${path}`, text });
  }
  return withinBounds('strategies', facts);
}

/** As many of `facts` as there is room for, and by name those there is none for. */
function withinBounds(kind: string, facts: readonly Fact[]): readonly Fact[] {
  const told: Fact[] = [];
  const omitted: string[] = [];
  let characters = 0;
  for (const fact of facts) {
    if (characters + fact.text.length > CHARACTERS_MAX) omitted.push(fact.title);
    else {
      characters += fact.text.length;
      told.push(fact);
    }
  }
  return omitted.length === 0
    ? told
    : [...told, { title: `${kind}: left out, there is no room for them`, text: omitted.join('\n') }];
}
