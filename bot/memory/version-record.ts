/** The engine's benchmarks that proposals speak of. */
export type Figure = 'trades' | 'netResult' | 'winRate' | 'drawdownWorst';

/** One version's time in the engine. */
export interface Run {
  /** Market time at which it was loaded first. */
  readonly since: number;
  /** Market time at which it stopped, or another took its place; null while it runs. */
  readonly until: number | null;
  /** What the account was worth when it was loaded: the capital it ran with, quote asset. */
  readonly capital: number;
  /** Its decisions were written down and nothing was traded: its account stands still, so it tells nothing of it. */
  readonly isShadow: boolean;
}

/** What an engine has told of versions, up to one market time: whoever asks is told nothing later. */
export interface VersionRecord {
  /** Null for a version that it does not know. */
  runOf(strategy: string, tree: string): Run | null;
  /** A benchmark of a version at a market time; null where there is none, and where the record does not tell of that time. */
  figureAt(figure: Figure, strategy: string, tree: string, at: number): number | null;
}
