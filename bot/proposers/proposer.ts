import type { ProposalClaim } from '#bot/evidence/pack.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';

/** The files of one strategy version, by path inside its folder (`strategy.ts`, `manifest.yaml`), evidence left out. */
export type StrategyFiles = ReadonlyMap<string, string>;

/** What the ledger keeps of a trial's label; the rest is cut. */
export const LABEL_LENGTH_MAX = 500;

/** What became of one configuration on the development data. Every one of them is a trial and stands in the ledger. */
export type Evaluation =
  | { readonly outcome: 'scored'; readonly result: BacktestResult }
  /** `isForTime` where it was not run because the time for the search was over: whatever is asked after it is not run either. */
  | { readonly outcome: 'rejected'; readonly reason: string; readonly isForTime?: true };

/** What a proposer may know and do: the incumbent's text, and answers about the development data, each paid for with a trial. */
export interface ProposerTask {
  readonly incumbent: StrategyFiles;
  readonly incumbentResult: BacktestResult;
  /** Configurations this proposer may evaluate. */
  readonly trials: number;
  readonly seed: number;
  /** Timeframe of the candles of each market, by symbol: a version may decide on bars of it or of a multiple. Left out where nobody knows. */
  readonly candles?: Readonly<Record<string, Timeframe>>;
  /**
   * `label` names the configuration in the ledger, which keeps `LABEL_LENGTH_MAX` of it. Calls made in one go are written down together and run side by side; ask for
   * what does not depend on each other without waiting in between.
   * @param strategy the folder's name, when it is not the incumbent's
   */
  evaluate(files: StrategyFiles, label: string, strategy?: string): Promise<Evaluation>;
}

/** What a proposer says: files and words. No number of its own goes any further. */
export interface Candidate {
  /** The folder's name, when it is not the incumbent's. */
  readonly strategy?: string;
  readonly files: StrategyFiles;
  readonly claim: ProposalClaim;
}

export interface Proposal {
  /** Best first; empty when nothing beat the incumbent on the development data. */
  readonly candidates: readonly Candidate[];
  /** Why there is none, or why these, in a sentence for a person; null where the trials say it all. */
  readonly reason: string | null;
}

export interface Proposer {
  readonly name: ProposalClaim['proposer'];
  /** Same task, same answer. */
  propose(task: ProposerTask): Promise<Proposal>;
}
