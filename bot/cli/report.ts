import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { gatherNight } from '#bot/reports/gather-night.ts';
import { gatherPeriod } from '#bot/reports/gather-period.ts';
import { nightReport } from '#bot/reports/night.ts';
import { periodReport } from '#bot/reports/period.ts';
import { askableForge, type ForgeFlags } from './askable-forge.ts';
import { openForReading } from './open-mirror.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

interface ReportFlags extends ForgeFlags {
  readonly repository?: string;
  readonly asOf?: number;
  readonly json?: boolean;
}

/** `ratchet report`: a night, a day or a week in Markdown. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Sum up a night, a day or a week: results, droughts, nights, pull requests, breaches and what models cost, as Markdown.',
    )
    .addCommand(
      reading(new Command('night').description('One night, or the newest.').argument('[cycle]', 'such as 20260105-1')).action(
        night,
      ),
    )
    .addCommand(period('day', 'The last day.', 1))
    .addCommand(period('week', 'The last seven days.', 7));
}

function period(name: string, description: string, days: number): Command {
  return reading(new Command(name).description(description))
    .option(
      '--as-of <time>',
      'market time at which the days of nights and trades end (default: as far as the engine has come)',
      option.utcTime,
    )
    .option('--of <owner/name>', 'also ask the forge which pull requests of this repository were opened, closed or refused')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .action(async (flags: ReportFlags) => {
      const { repository, state } = await openForReading(flags);
      const { bot, engine } = workspaceAt(flags.workspace);
      // Cost and the engine's record stand in the workspace; a clone that is named instead says nothing of them.
      const inWorkspace = (folder: string): string | null =>
        flags.repository === undefined && existsSync(folder) ? folder : null;
      const sources = { repository, state: state.snapshot(), record: inWorkspace(engine), dir: inWorkspace(bot) };
      const forge = await askableForge(flags);
      const facts = await gatherPeriod({ ...sources, forge }, { days, asOf: flags.asOf ?? null, now: Date.now() });
      console.log(flags.json === true ? JSON.stringify(facts) : periodReport(facts));
    });
}

async function night(cycle: string | undefined, flags: ReportFlags): Promise<void> {
  const { repository, state } = await openForReading(flags);
  const { root, bot, worktrees, mirror } = workspaceAt(flags.workspace);
  const isWorkspace = flags.repository === undefined && existsSync(bot);
  const facts = await gatherNight(
    {
      repository,
      state: state.snapshot(),
      places: isWorkspace ? { worktrees, mirrors: [mirror, join(root, 'night', 'mirror.git')] } : null,
      dir: isWorkspace ? bot : null,
    },
    cycle ?? null,
  );
  console.log(flags.json === true ? JSON.stringify(facts) : nightReport(facts));
}

function reading(command: Command): Command {
  return command
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object');
}
