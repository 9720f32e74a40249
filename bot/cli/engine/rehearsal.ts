import { mkdirSync } from 'node:fs';
import { Command, Option } from 'commander';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { systemClock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { explain } from '#engine/errors.ts';
import { usualSettings } from '#engine/feeds/feed-settings.ts';
import { rehearsalCandlesIn } from '#engine/runtime/open-feed.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { type RehearsalDialect, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { storePast } from '#engine/venues/rehearsal/store-past.ts';
import * as option from '../option-parsers.ts';
import { workspaceAt } from '../up/workspace.ts';
import { wantsOf } from './followed-market.ts';
import { noteRehearsal } from './rehearsal-address.ts';
import { faultCommand } from './rehearsal-fault.ts';

interface RehearsalFlags {
  workspace: string;
  dialect: RehearsalDialect;
  symbols?: string;
  timeframe?: Timeframe;
  seed: number;
  pace: number;
  cash: number;
  faults: number;
  port: number;
}

/** `ratchet rehearsal`: an exchange on this machine that speaks Kraken's or Binance's dialect, to trade on with nobody's money. */
export function rehearsalCommand(): Command {
  return new Command('rehearsal')
    .description('Run an exchange on this machine to rehearse on: simulated prices, nobody’s money, faults on demand.')
    .option('--workspace <dir>', 'where its address and key are left for ratchet engine run --venue rehearsal', 'var')
    .addOption(new Option('--dialect <exchange>', 'whose dialect it speaks').choices(['kraken', 'binance']).default('kraken'))
    .option('--symbols <list>', 'its markets, with commas between; without it those of the strategies in this folder')
    .option(
      '--timeframe <timeframe>',
      'the bars its prices are drawn in; without it the finest of those strategies',
      option.timeframe,
    )
    .option('--seed <number>', 'of its prices', option.seed, 1)
    .option('--pace <factor>', 'how much faster than the day its time runs', option.amount, 1)
    .option('--cash <amount>', 'what the account begins with, quote asset', option.amount, 10_000)
    .option('--faults <ratio>', 'of how many requests, and messages of private streams, something goes wrong', option.ratio, 0)
    .option('--port <number>', 'where it listens; 0 takes a free one', option.port, 0)
    .addCommand(faultCommand())
    .enablePositionalOptions()
    .action(run);
}

async function run(flags: RehearsalFlags): Promise<void> {
  const { root, candles } = workspaceAt(flags.workspace);
  mkdirSync(root, { recursive: true });
  const { symbols, timeframe } = await wantsOf(flags);
  const quotes = [...new Set(symbols.map((symbol) => symbol.split('/')[1] ?? 'USD'))];
  const since = systemClock.now();
  const rehearsal = await startRehearsal({
    dialect: flags.dialect,
    prices: { seed: flags.seed, symbols, timeframe },
    pastBars: usualSettings.historyBars,
    balances: Object.fromEntries(quotes.map((quote) => [quote, String(flags.cash)])),
    clock: pacedClock(systemClock, flags.pace, since),
    ...(flags.faults > 0 ? { faults: { seed: flags.seed, rate: flags.faults, messageRate: flags.faults } } : {}),
    port: flags.port,
  });
  const past = CandleStore.open(rehearsalCandlesIn(candles));
  storePast(rehearsal, timeframe, past);
  past.close();
  const { key, secret } = rehearsal.key;
  const address = { exchange: flags.dialect, baseUrl: rehearsal.baseUrl, pace: { factor: flags.pace, since } };
  noteRehearsal(root, address, { key, secret });
  console.log(`SIMULATED exchange in ${flags.dialect}’s dialect at ${rehearsal.baseUrl}: ${symbols.join(', ')}, ${timeframe}.`);
  console.log(`Trade on it: ratchet engine run --venue rehearsal --workspace ${flags.workspace} --remote URL`);
  console.log(`Let something go wrong: ratchet rehearsal fault KIND --workspace ${flags.workspace}`);
  rehearsal.exchange.on((event) => {
    if (event.kind === 'fill') {
      const { side, quantity, price, symbol } = event.fill;
      console.log(
        `${new Date(rehearsal.clock.now()).toISOString()} ${side} ${quantity.toFixed()} ${symbol} at ${price.toFixed()}`,
      );
    }
  });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  await rehearsal.close().catch((error: unknown) => console.error(explain(error)));
}
