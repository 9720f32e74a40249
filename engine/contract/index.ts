/**
 * What a strategy imports as `ratchet/contract`, and the only thing it may import.
 *
 *     import { defineStrategy, ema } from 'ratchet/contract';
 *     export default defineStrategy({ … });
 *
 * A module of `strategies/analysis/` imports `defineAnalysis` from here, and is held to the same rules.
 */

import type { ParameterRanges, StrategyDefinition } from './types.ts';

// biome-ignore lint/style/noRestrictedImports: the one import that points up; a strategy has a single door, and the indicators are behind it.
export * from '#engine/indicators/factories.ts';
export {
  type AnalysisDefinition,
  type Column,
  defineAnalysis,
  type Json,
  type Query,
  type Row,
  type Schema,
  type Table,
  type Value,
} from './analysis.ts';
export type {
  Bar,
  Context,
  Decision,
  Indicator,
  ParameterRange,
  ParameterRanges,
  ParameterValues,
  Position,
  Protection,
  StrategyDefinition,
  Timeframe,
} from './types.ts';

/** Gives a strategy its types and nothing else: parameters, indicators and state are inferred from the definition. */
export function defineStrategy<const P extends ParameterRanges, I, S = null>(
  definition: StrategyDefinition<P, I, S>,
): StrategyDefinition<P, I, S> {
  return definition;
}
