import type { Author, Review, Reviewed } from './author.ts';
import type { Journal } from './journal.ts';
import type { Proposer } from './proposer.ts';

/** Who writes tonight, and who reads what was written. */
export interface Mind {
  readonly author: Author;
  /** Reads a version without the author's reasons. */
  review(reviewed: Reviewed): Promise<Review>;
}

/** Whoever may think about a strategy tonight; at least one of the two. */
export interface Thinkers {
  /** As the ledger has it. */
  readonly name: 'evolution' | 'claude' | 'both';
  /** Searches when arithmetic says that something should change. */
  readonly search: Proposer | null;
  /**
   * Decides by itself, every night. What it was told before in this stage of this night stands in the journal.
   * `symbols` are the markets that are spoken of, so that they can be kept from it.
   */
  readonly mind: ((cycle: string, journal: Journal, symbols: readonly string[]) => Promise<Mind>) | null;
}
