import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import type { Row, Value } from '#engine/contract/analysis.ts';

/** What a module may ask about. */
export interface Material {
  /** Folder of the engine's store; null where no engine has run. */
  readonly store: string | null;
  /** Market time, UTC milliseconds: rows that became known later are left out. */
  readonly asOf: number;
  readonly candles: readonly ShownSeries[];
}

export interface QueryLimits {
  /** Of one answer. */
  readonly rows: number;
  /** Of one answer, about. */
  readonly bytes: number;
}

export interface Question {
  readonly sql: string;
  readonly parameters: readonly Value[];
}

/** What the process that holds the database is told, one at a time. */
export type Request =
  | { readonly kind: 'fill'; readonly material: Material; readonly limits: QueryLimits }
  | { readonly kind: 'ask'; readonly question: Question };

/** The one answer to each. */
export type Reply =
  | { readonly kind: 'filled' }
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly remedy: string };
