import { StrategyHost } from '#engine/backtest/host/strategy-host.ts';
import strategyProgram from '#engine/backtest/realm.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { RealmHandlers, RealmHost } from '#engine/sandbox/realm-api.ts';

/** The real program with the oldest fault of backtesters in it: the strategy's window and indicators run one bar ahead of the market. */
export default function peekingProgram(realm: RealmHost): RealmHandlers {
  const attach = StrategyHost.prototype.attach;
  StrategyHost.prototype.attach = function (index: number, columns: CandleColumns, at: number): void {
    attach.call(this, index, ahead(columns), at);
  };
  return strategyProgram(realm);
}

function ahead({ time, open, high, low, close, volume }: CandleColumns): CandleColumns {
  const shift = (column: Float64Array): Float64Array => column.map((value, index) => column[index + 1] ?? value);
  return { time, open: shift(open), high: shift(high), low: shift(low), close: shift(close), volume };
}
