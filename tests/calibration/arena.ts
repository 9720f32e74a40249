import { Sweep } from '#engine/backtest/sweep.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import type { Span } from '#engine/candles/types.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { Exam } from './exam.ts';

/** Quote asset. */
export const CAPITAL = 10_000;

/** One of the arena's sources with numbers for its parameters. */
export interface Contender {
  readonly source: number;
  readonly parameters: Readonly<Record<string, number>>;
}

export interface Play {
  readonly contender: Contender;
  readonly span: Span;
  /** Fees, spread and slippage times this. */
  readonly costs: number;
}

interface Field {
  readonly artifact: StrategyArtifact;
  readonly sweep: Sweep;
}

/** Strategies in their sandboxes over the candles of one exam at a time: the engine that makes evidence, costs and all. */
export class Arena {
  readonly #fields: readonly Field[];
  #exam: Exam | null = null;

  private constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  /** @param processes sandboxes a source */
  static async open(sources: readonly string[], processes: number): Promise<Arena> {
    const fields: Field[] = [];
    for (const source of sources) {
      const verdict = await buildArtifact(new Map([['strategy.ts', source]]), 'strategy.ts');
      if (!verdict.ok) throw new Error(verdict.findings.map(({ line, message }) => `${line}: ${message}`).join('\n'));
      fields.push({ artifact: verdict.artifact, sweep: await Sweep.open(verdict.artifact, processes) });
    }
    return new Arena(fields);
  }

  async enter(exam: Exam): Promise<void> {
    for (const { sweep } of this.#fields) await sweep.useDataset(exam.dataset, exam.columns);
    this.#exam = exam;
  }

  /** Results in the order of the plays. */
  async run(plays: readonly Play[]): Promise<readonly BacktestResult[]> {
    const results = new Array<BacktestResult>(plays.length);
    for (const [source, { sweep }] of this.#fields.entries()) {
      const own = plays.flatMap(({ contender }, index) => (contender.source === source ? [index] : []));
      const found = await sweep.run(own.map((index) => this.#request(plays[index]!)));
      for (const [place, index] of own.entries()) results[index] = found[place]!;
    }
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#fields.map(({ sweep }) => sweep.close()));
  }

  #request({ contender, span, costs }: Play): BacktestRequest {
    const exam = this.#exam;
    if (exam === null) throw new Error('The arena has no candles yet: enter an exam first.');
    const { artifact } = this.#fields[contender.source]!;
    const markets = costs === 1 ? exam.markets : dearer(exam.markets, costs);
    const { parameters } = contender;
    return {
      artifact: artifact.digest,
      parameters,
      dataset: exam.dataset,
      span,
      markets,
      capital: CAPITAL,
      seed: 1,
      delayBars: 0,
    };
  }
}

function dearer(markets: Exam['markets'], times: number): Record<string, MarketRules> {
  const scaled = Object.entries(markets).map(([symbol, rules]): [string, MarketRules] => {
    const { makerFeeRate, takerFeeRate, halfSpreadRate, slippageRate } = rules;
    const charges = {
      makerFeeRate: makerFeeRate * times,
      takerFeeRate: takerFeeRate * times,
      halfSpreadRate: halfSpreadRate * times,
      slippageRate: slippageRate * times,
    };
    return [symbol, { ...rules, ...charges }];
  });
  return Object.fromEntries(scaled);
}
