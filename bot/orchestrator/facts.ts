import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import type { Hint } from '#bot/evidence/ledger.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { GATES_POLICY_PATH, RISK_POLICY_PATH } from '#bot/gates/policies.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { parseManifest } from '#engine/contract/manifest.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { Verdict } from './decide.ts';
import type { Observation } from './observe.ts';

export interface FactSources {
  readonly repository: Repository;
  readonly base: CommitHash;
  readonly observation: Observation;
  /** Of the version that runs, on the development data. */
  readonly development: BacktestResult;
  /** What fixed arithmetic makes of the observation. */
  readonly verdict: Verdict;
  /** As the ledger has it. */
  readonly hint: Hint | null;
}

/** All that a model is told of a night before it decides. Same sources, same bytes. */
export async function factsOf(sources: FactSources): Promise<readonly Fact[]> {
  const { repository, base, observation, development, verdict, hint } = sources;
  const { strategy, truth, analysis, memory } = observation;
  return [
    { title: 'the strategy this night is about', text: strategy },
    ...(await filesOf(repository, base, strategy)),
    { title: 'the version that runs, on the development data', text: written(development.metrics) },
    {
      title: 'the version that runs, as the engine recorded it',
      text: truth === null ? 'No engine has told of it.' : written(truth),
    },
    { title: 'what fixed arithmetic makes of that', text: `${verdict.kind}: ${verdict.reason}` },
    ...analysed(analysis),
    ...memory,
    { title: 'every strategy on main', text: await deployed(repository, base) },
    ...(await policies(repository, base)),
    ...(hint?.isTold === true ? [{ title: `what a person wished for, as ${hint.by} wrote it`, text: hint.text }] : []),
  ];
}

async function filesOf(repository: Repository, base: CommitHash, strategy: string): Promise<readonly Fact[]> {
  const files = await strategyFiles(repository, base, strategy);
  return [...files].map(([path, text]) => ({ title: `strategies/${strategy}/${path}`, text }));
}

function analysed(analysis: Observation['analysis']): readonly Fact[] {
  if ('problem' in analysis) return [{ title: 'what the analysis modules tell', text: `Nothing: ${analysis.problem}` }];
  return [
    { title: 'the market, as strategies/analysis/market.ts sees it', text: written(analysis.market) },
    { title: 'the trades, as strategies/analysis/trades.ts sees them', text: written(analysis.trades) },
  ];
}

/** Id, stage and description of each, one a line. */
async function deployed(repository: Repository, base: CommitHash): Promise<string> {
  const lines: string[] = [];
  for (const { path } of await repository.listFiles(base, 'strategies')) {
    if (!/^strategies\/[^/]+\/manifest\.yaml$/.test(path)) continue;
    const parsed = parseManifest((await readText(repository, base, path)) ?? '');
    if ('manifest' in parsed) {
      const { id, stage, description } = parsed.manifest;
      lines.push(written({ id, stage, description }));
    }
  }
  return lines.join('\n');
}

/** What a change is judged by: whoever writes one should know it, as every person here does. */
async function policies(repository: Repository, base: CommitHash): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const path of [GATES_POLICY_PATH, RISK_POLICY_PATH, EVALUATION_PATH]) {
    const text = await readText(repository, base, path);
    if (text !== null) facts.push({ title: path, text });
  }
  return facts;
}

function written(value: unknown): string {
  return JSON.stringify(value, null, 1);
}
