import { stringify } from 'yaml';
import { buildPack, requestFor } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { configurationOf, readLedgerFrom, returnsByDay, searchOf, trialReturns } from '#bot/evidence/ledger.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { fileDigests, readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { deployedBeside } from '#bot/gates/deployed-beside.ts';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import type { CommitHash, Person } from '#engine/repository/repository.ts';
import { withCheapYardstick } from './cheap-yardstick.ts';
import { type Cheat, flattered } from './cheats.ts';
import { type NullParameters, nullSource } from './null-strategy.ts';
import { pretendNight } from './pretended-night.ts';
import type { ThrowAway } from './throw-away.ts';

/**
 * In and out every few bars: what it pays for trading decides, and no luck carries it past a policy. So a null that passes is the gates'
 * fault and never chance, which `npm run calibrate` is there to measure.
 */
const RESTLESS = { chance: 0.5, hold: 2 } as const;
/** Of equity, shared among its symbols. */
const INVESTED = 0.9;

export interface SceneTask {
  readonly copy: ThrowAway;
  readonly main: CommitHash;
  readonly strategy: string;
  readonly candles: CandleStore;
  readonly cheats: readonly Cheat[];
  /** Which of the random strategies. */
  readonly seed: number;
  readonly author: Person;
  /** Dates the commits, and the night the canaries pretend to come from. */
  readonly asOf: number;
}

/** Commits that are to be stopped, on one base. */
export interface Scene {
  readonly base: CommitHash;
  readonly null: CommitHash;
  /** In the order of the task's. */
  readonly cheats: readonly CommitHash[];
}

/**
 * Makes the canaries look as a candidate looks that came through a whole night: the null strategy's evidence is honest, the trials stand
 * in the ledger, the selection data said yes. A cheat comes with the same and its own lie, so that nothing stops it but the gate that
 * is there for it.
 */
export async function prepareScene(task: SceneTask): Promise<Scene> {
  const { copy, strategy, candles, cheats, author, asOf, seed } = task;
  const { repository, state } = copy;
  const base = await withCheapYardstick(repository, task.main, { author, date: new Date(asOf) });
  const evaluation = parseEvaluation(await readText(repository, base, EVALUATION_PATH));
  const { development, selection } = evaluation.spans;
  const incumbent = await readVersion(strategy, await strategyFiles(repository, base, strategy));
  const columns = columnsUntil(loadDataset(candles, evaluation.dataset), selection.to);
  const open = async (version: StrategyVersion): Promise<Backtester> => {
    const tester = await openBacktester(version.artifact);
    await tester.useDataset(evaluation.dataset, columns);
    return tester;
  };
  const candidate = await readVersion(strategy, await nullFiles(incumbent, seed));
  const deceits = cheats.map((cheat) => filesOf(candidate.files, cheat));
  const parentTree = await repository.treeOf(base, `strategies/${strategy}`);
  if (parentTree === null) throw new Error(`The base has lost strategies/${strategy}.`);
  const result = await using(open(candidate), (tester) => tester.run(requestFor(tester, candidate, evaluation, development)));
  const cycle = await pretendNight(state, {
    strategy,
    parentTree,
    asOf,
    seed,
    // A cheat that leaves the source as it is shares the null strategy's trial.
    configurations: [...new Set([candidate.files, ...deceits].map(configurationOf))],
    development,
    selection,
    returns: returnsByDay(result.equity, evaluation.capital, development),
  });
  const ledger = await readLedgerFrom(state);
  const search = searchOf(ledger, cycle);
  if (search === null) throw new Error(`The ledger has lost the search of ${cycle}.`);
  const pack = await buildPack(
    {
      cycle,
      strategy,
      against: strategy,
      claim: {
        kind: 'NEW',
        hypothesis: 'Chance earns money.',
        changes: ['a canary'],
        proposer: 'evolution',
        riskTier: 3,
        forecast: null,
        killRule: null,
        knownUntil: null,
      },
      search,
      trialReturns: trialReturns(ledger, cycle),
      parentTree,
      candidate,
      incumbent,
      beside: await deployedBeside(repository, base, strategy),
      evaluation,
      columns,
    },
    open,
  );
  const lie = flattered(pack);
  const commit = async (files: ReadonlyMap<string, string>, shown: Pack, outside: ReadonlyMap<string, string>) =>
    repository.commit({
      parent: base,
      changes: await changesOf(strategy, incumbent, files, shown, outside),
      message: 'A canary',
      author,
      date: new Date(asOf),
    });
  const commits: CommitHash[] = [];
  for (const [index, cheat] of cheats.entries()) {
    const files = deceits[index]!;
    const outside = new Map<string, string>();
    for (const [path, change] of Object.entries(cheat.outside)) outside.set(path, change(await readText(repository, base, path)));
    commits.push(await commit(files, { ...lie, files: fileDigests(files) }, outside));
  }
  return { base, null: await commit(candidate.files, pack, new Map()), cheats: commits };
}

/** On the incumbent's own markets, at the stage that the machine may reach by itself. */
async function nullFiles(incumbent: StrategyVersion, seed: number): Promise<Map<string, string>> {
  const { symbols, timeframe } = await using(openBacktester(incumbent.artifact), async (tester) => tester.describe());
  const parameters: NullParameters = { ...RESTLESS, seed };
  const { id } = incumbent.manifest;
  return new Map([
    ['strategy.ts', nullSource({ symbols, timeframe, weight: INVESTED / Math.max(2, symbols.length) })],
    ['manifest.yaml', stringify({ id, description: 'Tosses a coin.', stage: 'paper', entry: 'strategy.ts', parameters })],
  ]);
}

function filesOf(honest: ReadonlyMap<string, string>, cheat: Cheat): Map<string, string> {
  return new Map([...honest].map(([path, text]) => [path, path === 'strategy.ts' ? cheat.source(text) : text]));
}

async function changesOf(
  strategy: string,
  incumbent: StrategyVersion,
  files: ReadonlyMap<string, string>,
  pack: Pack,
  outside: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Uint8Array | null>> {
  const at = (path: string) => `strategies/${strategy}/${path}`;
  const changes = new Map<string, Uint8Array | null>();
  for (const path of incumbent.files.keys()) changes.set(at(path), null);
  for (const [path, text] of files) changes.set(at(path), Buffer.from(text));
  for (const [path, text] of outside) changes.set(path, Buffer.from(text));
  for (const [path, text] of await evidenceFiles(pack)) changes.set(at(path), Buffer.from(text));
  return changes;
}

async function using<T>(opening: Promise<Backtester>, work: (tester: Backtester) => Promise<T>): Promise<T> {
  const tester = await opening;
  try {
    return await work(tester);
  } finally {
    await tester.close();
  }
}
