import { requestFor } from '#bot/evidence/build-pack.ts';
import { memoryFacts } from '#bot/memory/facts.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { analysisOf } from './analysis.ts';
import type { BacktesterPool } from './backtester-pool.ts';
import { decide } from './decide.ts';
import { deliberate, Plan } from './deliberate.ts';
import { factsOf } from './facts.ts';
import type { Night, NightOptions } from './night-options.ts';
import type { StageResult } from './night-work.ts';
import { Observation, observe } from './observe.ts';
import { whyNothingMayCome } from './obstacles.ts';
import { changesStrategy } from './propose.ts';
import { remember } from './remember.ts';
import { searchVersions, writing } from './search-versions.ts';
import { Study } from './studied.ts';
import { whyNotRetire } from './why-not-retire.ts';
import { writeModule } from './write-module.ts';

/** Observes, decides whether anything should change, and if so lets whoever may think of it do so. */
export async function study(options: NightOptions, night: Night, pool: BacktesterPool): Promise<Study> {
  const { progress, thinkers, strategy } = options;
  const { work, incumbent, yardstick, cycle } = night;
  progress({
    kind: 'phase',
    phase: 'observe',
    message: `what ${strategy} did up to ${new Date(night.asOf).toISOString().slice(0, 16)}Z`,
  });
  const development = await pool.use(incumbent, (tester) =>
    tester.run(requestFor(tester, incumbent, yardstick, yardstick.spans.development)),
  );
  const observation = await work.stage('observe', Observation, async () => ({
    record: await lookAround(options, night, development),
  }));
  const verdict = decide(observation);
  progress({ kind: 'done', phase: 'observe', message: verdict.reason });
  const told = (): Promise<readonly Fact[]> =>
    factsOf({ repository: options.repository, base: night.base, observation, development, verdict, hint: night.hint });

  const plan = await work.stage('decide', Plan, async (journal): Promise<StageResult<Plan>> => {
    const isAsked = thinkers.mind !== null && observation.openProposal === null;
    if (verdict.kind === 'NO_CHANGE' && !isAsked) return { record: { kind: 'nothing', reason: verdict.reason } };
    const obstacle = await whyNothingMayCome(options, night);
    if (obstacle !== null) return { record: { kind: 'nothing', reason: `${verdict.reason} ${obstacle}` } };
    const mind = isAsked ? await thinkers.mind(cycle, journal, Object.keys(yardstick.markets)) : null;
    if (mind !== null) progress({ kind: 'phase', phase: 'decide', message: 'a model thinks about what was observed' });
    const canSearch = thinkers.search !== null;
    const facts = mind === null ? [] : await told();
    return { record: await deliberate({ verdict, author: mind?.author ?? null, facts, canSearch }) };
  });
  if (plan.kind === 'nothing') return plan;
  const { decision, why } = plan;
  if (decision !== null) progress({ kind: 'done', phase: 'decide', message: `${decision.kind}: ${why}` });
  if (decision?.kind === 'RETIRE') {
    const denied = await whyNotRetire(options, night);
    if (denied === null) return { kind: 'retirement', decision, truth: observation.truth };
    return {
      kind: 'nothing',
      reason: `A model would retire ${strategy}: ${why} It is not proposed, for policy denies that to the bot. ${denied}`,
    };
  }

  return work.stage('create', Study, async (journal) => {
    const mind =
      decision === null || thinkers.mind === null ? null : await thinkers.mind(cycle, journal, Object.keys(yardstick.markets));
    const facts = mind === null ? [] : await told();
    if (mind !== null && decision?.kind === 'ANALYSIS') return writeModule(options, night, { decision, mind, facts });
    const isTaken = async (id: string): Promise<boolean> =>
      (await options.repository.treeOf(night.main, `strategies/${id}`)) !== null;
    const isWritten = mind !== null && decision !== null && decision.kind !== 'NO_CHANGE' && decision.kind !== 'ANALYSIS';
    const proposers = [
      ...(isWritten ? [writing(decision, mind, { facts, isTaken })] : []),
      ...(plan.searches && thinkers.search !== null ? [thinkers.search] : []),
    ];
    return searchVersions(options, night, pool, { development, proposers, why });
  });
}

async function lookAround(options: NightOptions, night: Night, development: BacktestResult): Promise<Observation> {
  const { api, strategy, progress } = options;
  const { asOf, cycle } = night;
  const open = (await api.listOpenPullRequests()).find(
    // A fork's branch has whatever name its owner gave it.
    ({ headRef, isFromFork }) => !isFromFork && changesStrategy(headRef, strategy, cycle),
  );
  const analysis = await analysisOf({ ...options, commit: night.base, asOf });
  if ('problem' in analysis)
    progress({ kind: 'done', phase: 'observe', message: `the analysis modules tell nothing: ${analysis.problem}` });
  return observe({
    strategy,
    asOf,
    truth: options.truth(strategy, night.parentTree, asOf),
    development,
    analysis,
    openProposal: open?.number ?? null,
    memory: [...memoryFacts(await remember({ ...options, asOf, now: (options.clock ?? Date.now)() }))],
  });
}
