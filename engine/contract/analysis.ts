/** What one field of a table may hold. */
export type Value = string | number | null;

/** One row of an answer, by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

/** Plain data: no number in it that is not finite, and nothing undefined. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Asks one SELECT. Each `?` in it stands for one of the parameters, in order. The order of the rows is that of its ORDER BY; without
 * one it is nobody's promise. A statement that is refused, or asks for too much, ends the module.
 * @param R what the statement's columns hold: the module says so, nobody checks it
 */
export type Query = <R extends Row = Row>(sql: string, parameters?: readonly Value[]) => readonly R[];

export interface Column {
  readonly name: string;
  readonly type: 'TEXT' | 'INTEGER' | 'REAL';
  /** In words, with its unit. */
  readonly meaning: string;
}

export interface Table {
  readonly name: string;
  /** What one row of it is. */
  readonly meaning: string;
  readonly columns: readonly Column[];
}

/** What there is to ask about. */
export interface Schema {
  /** Market time up to which the tables speak, UTC milliseconds: the module's one clock. */
  readonly asOf: number;
  readonly tables: readonly Table[];
}

/** A module of `strategies/analysis/`: what the night is told beyond fixed arithmetic. */
export interface AnalysisDefinition {
  /** What it tells, one sentence. */
  readonly description: string;
  /**
   * Questions in, plain JSON out. It is run from the start again after each answer, so it asks the same in the same order every time;
   * nothing else is left to a module without clock, chance or state.
   */
  analyze(query: Query, schema: Schema): Json;
}

/** Gives an analysis module its types and nothing else. */
export function defineAnalysis(definition: AnalysisDefinition): AnalysisDefinition {
  return definition;
}
