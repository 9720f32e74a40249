import type { Change, Subject } from '#bot/evidence/subject.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';

/**
 * A version whose net return is a plain function of how it is run, so that what a measure must find is known beforehand.
 * A result of null is a strategy that fails.
 */
export function subjectWith(
  netReturn: (change: Change) => number | null,
  { parameters = {}, ranges = {} }: { parameters?: Record<string, number>; ranges?: ParameterRanges } = {},
): Subject & { readonly asked: Change[] } {
  const asked: Change[] = [];
  const answer = (change: Change): BacktestResult | null => {
    asked.push(change);
    const value = netReturn(change);
    return value === null ? null : ({ metrics: { netReturn: value } } as BacktestResult);
  };
  return {
    parameters,
    ranges,
    asked,
    attempt: async (change) => answer(change),
    run: async (change = {}) => {
      const result = answer(change);
      if (result === null) throw new RatchetError('backtest/strategy', 'It fails.', 'Mend it.');
      return result;
    },
  };
}

export function range(from: number, to: number, step: number, byDefault = from) {
  return { default: byDefault, min: from, max: to, step, description: 'a parameter' };
}

export const RULES = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0.0005,
  slippageRate: 0.0005,
  volumeShare: 0.1,
  tickSize: 0.01,
  stepSize: 0.0001,
  minQuantity: 0,
  minNotional: 0,
};
