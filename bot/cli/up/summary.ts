import { visible } from '#bot/evidence/markdown.ts';
import { percent } from '#bot/orchestrator/decide.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { describeDataset, type Market } from './prepare-market.ts';

/** What `ratchet up --json` prints as its last line. */
export interface UpSummary {
  readonly data: {
    readonly simulated: boolean;
    readonly dataset: string;
    readonly symbols: readonly string[];
    readonly timeframe: string;
    readonly bars: number;
    readonly venue: string;
  };
  readonly night: {
    readonly cycle: string;
    readonly decision: string;
    readonly reason: string;
    readonly trials: number;
    readonly seconds: number;
    /** Changes that the gates had to stop, and what became of them. */
    readonly canaries: readonly { readonly canary: string; readonly outcome: string; readonly stoppedBy: readonly string[] }[];
  };
  readonly pullRequest: {
    readonly number: number;
    readonly url: string;
    readonly branch: string;
    readonly head: string;
    readonly merged: boolean;
    readonly mergeCommit: string | null;
  } | null;
  readonly gates: Readonly<Record<string, string>>;
  readonly engine: {
    readonly status: string;
    readonly commit: string | null;
    readonly strategies: readonly { readonly id: string; readonly tree: string | null; readonly stage: string | null }[];
    readonly decisions: number;
    readonly trades: number;
    /** Of all strategies together, quote asset; and what their accounts began with. */
    readonly equity: number;
    readonly capital: number;
  };
}

export function summarise(facts: {
  market: Market;
  night: NightReport;
  nightSeconds: number;
  pullRequest: UpSummary['pullRequest'];
  gates: Readonly<Record<string, string>>;
  engine: EngineStatus;
  counts: { decisions: number; trades: number };
  equity: number;
  capital: number;
}): UpSummary {
  const { dataset } = facts.market.evaluation;
  return {
    data: {
      simulated: dataset.isSimulated,
      dataset: dataset.digest,
      symbols: dataset.entries.map((entry) => entry.symbol),
      timeframe: dataset.entries[0]!.timeframe,
      bars: dataset.entries.reduce((sum, entry) => sum + entry.bars, 0),
      venue: [...new Set(dataset.entries.map((entry) => entry.source.venue))].join(', '),
    },
    night: {
      cycle: facts.night.cycle,
      decision: facts.night.decision,
      reason: facts.night.reason,
      trials: facts.night.trials,
      seconds: Math.round(facts.nightSeconds * 10) / 10,
      canaries: facts.night.canaries.map(({ canary, outcome, stops }) => ({
        canary,
        outcome,
        stoppedBy: stops.map(({ gate }) => gate),
      })),
    },
    pullRequest: facts.pullRequest,
    gates: facts.gates,
    engine: {
      status: facts.engine.status,
      commit: facts.engine.commit,
      strategies: facts.engine.strategies.map(({ id, tree, stage }) => ({ id, tree, stage })),
      decisions: facts.counts.decisions,
      trades: facts.counts.trades,
      equity: Math.round(facts.equity * 100) / 100,
      capital: facts.capital,
    },
  };
}

/** The same for people. */
export function renderSummary(summary: UpSummary, market: Market): string {
  const { night, pullRequest, engine, data } = summary;
  const gates = Object.entries(summary.gates).map(([name, conclusion]) => `${name} ${conclusion}`);
  const trading = engine.strategies.map(({ id, tree, stage }) => `${id} ${stage ?? ''} ${tree?.slice(0, 8) ?? 'nothing'}`);
  return [
    '',
    `  Data      ${data.simulated ? 'SIMULATED ' : ''}${describeDataset(market.evaluation.dataset)} (${data.bars} bars up to the replay)`,
    `  Night     ${night.cycle}: ${night.decision} after ${night.trials} trials. ${visible(night.reason)}`,
    `  Canaries  ${night.canaries.map(({ canary, outcome }) => `${canary} ${outcome}`).join(', ')}`,
    pullRequest === null
      ? '  Change    none'
      : `  Change    pull request #${pullRequest.number}, ${pullRequest.merged ? `merged as ${pullRequest.mergeCommit?.slice(0, 8)}` : 'open'}`,
    ...(gates.length === 0 ? [] : [`  Gates     ${gates.join(', ')}`]),
    `  Engine    ${engine.status} at ${engine.commit?.slice(0, 8) ?? 'nothing'}; ${trading.join(', ')}`,
    `            ${engine.decisions} decisions, ${engine.trades} trades, equity ${engine.equity.toFixed(2)} (${percent(engine.equity / engine.capital - 1)})`,
    ...(pullRequest === null ? [] : ['', `  Read it   ${pullRequest.url}`]),
    '',
  ].join('\n');
}
