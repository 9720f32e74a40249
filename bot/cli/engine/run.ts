import { existsSync, readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { RatchetError } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { type EngineOptions, type EngineOptionsInput, parseOptions } from '#engine/runtime/options.ts';
import { optionsFromParent, runEngine } from '#engine/runtime/run-engine.ts';
import { loadConfig } from '../config.ts';
import * as option from '../option-parsers.ts';
import { Market } from '../up/prepare-market.ts';
import { type Workspace, workspaceAt } from '../up/workspace.ts';
import { followedMarket, type VenueFlags, venueNames } from './followed-market.ts';

interface RunFlags extends VenueFlags {
  workspace: string;
  remote?: string;
  catchUp: number;
  pace: number;
  poll: number;
  config?: string;
  capital: number;
  optionsFromParent?: boolean;
}

/** Where the token for the remote comes from when a person starts the engine. */
const TOKEN_VARIABLE = 'RATCHET_GIT_TOKEN';

/** `ratchet engine run`: trades what is on main and proven, until it is stopped. */
export function runCommand(): Command {
  return new Command('run')
    .description(
      `Run the engine until it is stopped: on the workspace's stored candles, or with --feed or --venue on an exchange's as they close. A token for the remote is read from ${TOKEN_VARIABLE}.`,
    )
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--remote <url>', 'the repository to follow, without a token in it')
    .addOption(new Option('--feed <exchange>', 'follow this exchange’s candles; orders stay on paper').choices(venueNames))
    .addOption(
      new Option(
        '--venue <exchange>',
        'the same, and canary and live strategies send their orders there; in a rehearsal paper ones too',
      )
        .choices(venueNames)
        .conflicts('feed'),
    )
    .option(
      '--symbols <list>',
      'the markets to follow, with commas between, at a venue all of one quote asset; without it those of the strategies in this folder',
    )
    .option(
      '--timeframe <timeframe>',
      'the finest candles to follow; without it the finest of those strategies',
      option.timeframe,
    )
    .option('--confirm-live <account>', 'the account’s name: lets canary and live strategies use its money')
    .option(
      '--capital <amount>',
      'what a paper account begins with, quote asset; only with --feed or --venue',
      option.amount,
      10_000,
    )
    .option('--catch-up <bars>', 'bars of the replay that are past already when the engine first starts', option.count, 0)
    .option('--pace <ms>', 'time between two bars of the replay', option.pace, 1000)
    .option('--poll <ms>', 'time between two looks at the remote', option.poll, 5000)
    .option(
      '--config <file>',
      'settings in YAML, of which keep says how long what is kept (default: ratchet.yaml, if there is one)',
    )
    .option('--options-from-parent', 'take everything from the process that started this one')
    .action(async (flags: RunFlags) => {
      const options = flags.optionsFromParent === true ? await optionsFromParent() : await optionsFrom(flags);
      await runEngine(options, createLog(process.env.RATCHET_LOG_LEVEL ?? 'info'));
    });
}

async function optionsFrom(flags: RunFlags): Promise<EngineOptions> {
  if (flags.remote === undefined) {
    throw new RatchetError('engine/no-remote', 'The engine was not told which repository to follow.', 'Give --remote URL.');
  }
  const workspace = workspaceAt(flags.workspace);
  const token = process.env[TOKEN_VARIABLE];
  return parseOptions({
    dir: workspace.engine,
    remoteUrl: flags.remote,
    ...(token === undefined || token === '' ? {} : { token }),
    candlesDir: workspace.candles,
    ...((await followedMarket(flags, workspace)) ?? replayedMarket(workspace)),
    catchUpBars: flags.catchUp,
    paceMs: flags.pace,
    pollMs: flags.poll,
    keep: loadConfig({}, {}, flags.config).keep,
  });
}

/** @throws RatchetError `engine/no-market` */
function replayedMarket({ root, market: path }: Workspace): Pick<EngineOptionsInput, 'market' | 'capital'> {
  if (!existsSync(path)) {
    throw new RatchetError(
      'engine/no-market',
      `The workspace ${root} has no candles to replay.`,
      'Run npm start there first, or follow an exchange with --feed.',
      { root },
    );
  }
  const { dataset, replayFrom, evaluation } = Market.parse(JSON.parse(readFileSync(path, 'utf8')));
  return { market: { dataset, replayFrom, markets: evaluation.markets }, capital: evaluation.capital };
}
