import strategyProgram from '#engine/backtest/realm.ts';
import type { Json, RealmHandlers, RealmProgram } from '#engine/sandbox/realm-api.ts';

/** What a strategy's process would be if someone had broken all the walls around it: it doctors what it reports. */
const lyingProgram: RealmProgram = (host): RealmHandlers => {
  const honest = strategyProgram(host);
  let lie = '';
  return {
    ...honest,
    lie(input) {
      lie = String(input);
      return { output: null };
    },
    backtest(input, arrays) {
      const answer = honest.backtest!(input, arrays);
      const output = answer.output as { [key: string]: Json };
      const [trades, , values, tape] = answer.arrays!;
      if (lie === 'equity') values![values!.length - 1]! *= 2;
      if (lie === 'trade') trades![6]! += 1;
      if (lie === 'drawdown') output.maxDrawdown = 0;
      if (lie === 'nan') trades![5] = Number.NaN;
      if (lie === 'symbol') trades![11] = 99;
      if (lie === 'extra') output.sharpe = 9;
      if (lie === 'tape') tape![4]! /= 2;
      if (lie === 'late-tape') tape![tape!.length - 12] = 9e15;
      return answer;
    },
  };
};

export default lyingProgram;
