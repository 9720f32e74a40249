import { parse } from 'yaml';
import { Blueprint } from '#bot/proposers/evolution/blueprint.ts';
import { describe } from '#bot/proposers/evolution/describe.ts';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import type { Evaluation, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { blueprintWith } from './every-blueprint.ts';

/** What the search is told of a configuration: its numbers, and its blocks where the manifest names them. */
export interface Configured {
  readonly parameters: Readonly<Record<string, number>>;
  readonly blueprint: Blueprint | undefined;
}

/** The world outside the search: daily growth of a configuration, or why it is refused. */
export type Landscape = (configured: Configured) => number | string;

export const incumbentParameters = {
  fast: 9,
  slow: 21,
  rsiBars: 14,
  rsiMax: 70,
  volumeRatio: 1,
  stopLoss: 0.02,
  takeProfit: 0.04,
};

export function incumbentFiles(edit: (source: string) => string = (source) => source): StrategyFiles {
  const blueprint = blueprintWith();
  const values = Object.entries(incumbentParameters).map(([name, value]) => `  ${name}: ${value}\n`);
  const blocks = Object.entries(blueprint).map(
    ([key, value]) => `  ${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}\n`,
  );
  const manifest = `id: ema-cross\ndescription: ${describe(blueprint)}\nstage: paper\nentry: strategy.ts\nparameters:\n${values.join('')}blueprint:\n${blocks.join('')}`;
  return new Map([
    ['strategy.ts', edit(printStrategy(blueprint))],
    ['manifest.yaml', manifest],
  ]);
}

export interface Asked {
  readonly label: string;
  readonly files: StrategyFiles;
}

/** A task over a landscape; answers come back in an order that `delay` decides, to show that it does not matter. */
export function taskOver(
  landscape: Landscape,
  options: {
    readonly trials?: number;
    readonly seed?: number;
    readonly incumbent?: StrategyFiles;
    readonly delay?: (index: number) => number;
    /** The time is over after so many questions. */
    readonly answered?: number;
  } = {},
): { readonly task: ProposerTask; readonly asked: Asked[] } {
  const incumbent = options.incumbent ?? incumbentFiles();
  const asked: Asked[] = [];
  const answer = (files: StrategyFiles): Evaluation => {
    const growth = landscape(configuredIn(files));
    return typeof growth === 'string'
      ? { outcome: 'rejected', reason: growth }
      : { outcome: 'scored', result: resultOf({ dailyGrowth: () => growth }, [...files.values()].join('\0')) };
  };
  const first = answer(incumbent);
  if (first.outcome === 'rejected') throw new Error(first.reason);
  const task: ProposerTask = {
    incumbent,
    incumbentResult: first.result,
    trials: options.trials ?? 60,
    seed: options.seed ?? 1,
    async evaluate(files, label) {
      asked.push({ files, label });
      if (asked.length > (options.answered ?? Number.POSITIVE_INFINITY))
        return { outcome: 'rejected', reason: 'late', isForTime: true };
      await later(options.delay?.(asked.length) ?? 0);
      return answer(files);
    },
  };
  return { task, asked };
}

function configuredIn(files: StrategyFiles): Configured {
  const manifest: { parameters: Record<string, number>; blueprint?: unknown } = parse(files.get('manifest.yaml')!);
  const blueprint = Blueprint.safeParse(manifest.blueprint);
  return { parameters: manifest.parameters, blueprint: blueprint.success ? blueprint.data : undefined };
}

export interface Year {
  /** Log growth of the equity on a day of the year. */
  readonly dailyGrowth: (day: number) => number;
  readonly trades?: number;
}

/** A year of daily equity, with the numbers that follow from it. */
export function resultOf({ dailyGrowth, trades = 40 }: Year, identity = ''): BacktestResult {
  const value = [10_000];
  let peak = 10_000;
  let maxDrawdown = 0;
  for (let day = 0; day < 366; day += 1) {
    value.push(value.at(-1)! * Math.exp(dailyGrowth(day)));
    peak = Math.max(peak, value.at(-1)!);
    maxDrawdown = Math.max(maxDrawdown, 1 - value.at(-1)! / peak);
  }
  const digest = digestOf(identity);
  return {
    resultId: digest,
    resultDigest: digest,
    metrics: {
      bars: 8784,
      trades,
      netReturn: value.at(-1)! / 10_000 - 1,
      cagr: null,
      volatility: null,
      sharpe: null,
      sortino: null,
      calmar: null,
      maxDrawdown,
      maxDrawdownBars: 0,
      ulcer: null,
      tailRatio: null,
      alpha: null,
      beta: null,
      profitFactor: null,
      sqn: null,
      averageAdverseExcursion: null,
      averageFavourableExcursion: null,
      worstAdverseExcursion: null,
      expectancy: null,
      winRate: null,
      exposure: 0.5,
      turnover: 10,
      fees: 1,
      feeShare: null,
      averageHoldBars: null,
    },
    trades: [],
    equity: { time: value.map((_, day) => day * 86_400_000), value },
    decisions: [],
  };
}

/** After so many turns of the event loop. */
async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
