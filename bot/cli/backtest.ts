import { Command } from 'commander';
import { breakdownsOf } from '#engine/backtest/metrics/breakdowns.ts';
import { type RunFlags, wholeNumber, withPreparedRun, withRunFlags } from './backtest/prepare-run.ts';
import { showResult } from './backtest/show-result.ts';
import { backtestVerifyCommand } from './backtest/verify-command.ts';

interface BacktestFlags extends RunFlags {
  readonly delay: string;
  readonly trades: string;
  readonly json?: boolean;
}

/** `ratchet backtest`: one strategy over candles, in its sandbox, verified from its own intents. */
export function backtestCommand(): Command {
  return (
    withRunFlags(new Command('backtest'))
      .description('Run a strategy over candles: metrics, trades and the result id anyone can reproduce.')
      .option('--delay <bars>', 'execute every decision this many bars late', '0')
      .option('--trades <number>', 'how many of the last trades to show', '10')
      .option('--json', 'one JSON object')
      .action(runBacktest)
      // Options behind `verify` are its own, not this command's of the same name.
      .enablePositionalOptions()
      .addCommand(backtestVerifyCommand())
  );
}

async function runBacktest(strategy: string, flags: BacktestFlags): Promise<void> {
  const tradeCount = wholeNumber('--trades', flags.trades);
  await withPreparedRun(strategy, flags, async ({ tester, request, columns }) => {
    await tester.useDataset(request.dataset, columns);
    const result = await tester.run(request, { verify: true });
    const { trades, equity } = result;
    const breakdowns = breakdownsOf({ trades, equity, capital: request.capital, columns });
    if (flags.json === true) console.log(JSON.stringify({ ...result, breakdowns, request }));
    else showResult(strategy, request, result, breakdowns, tradeCount);
  });
}
