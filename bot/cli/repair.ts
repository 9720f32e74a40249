import { join } from 'node:path';
import { Command } from 'commander';
import { COMMAND_HELP } from '#bot/commands/index.ts';
import { counted } from '#bot/evidence/numbers.ts';
import { installedApp } from '#bot/github/app-client.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import { MAIN } from '#bot/orchestrator/life/life-options.ts';
import { rebase } from '#bot/orchestrator/life/rebase.ts';
import type { RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { planRepair, repairMain, whatStays } from '#bot/orchestrator/repair/repair-main.ts';
import { RatchetError } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { type BotSettings, remoteUrlOf, repositoryNameOf } from './bot/settings.ts';
import { loadBotSettings } from './config.ts';
import { gateToolsFor, type ScannerFlags } from './gate-tools.ts';
import { BOT_PERSON } from './identity.ts';
import { RATCHET_COMMAND } from './start-bot.ts';
import { workspaceAt } from './up/workspace.ts';

const PYPI = 'https://pypi.org/pypi';

type SettingFlags = Partial<Pick<BotSettings, 'repository' | 'workspace' | 'credentials' | 'apiUrl' | 'remoteUrl' | 'candles'>>;

interface RepairFlags extends ScannerFlags, SettingFlags {
  readonly config?: string;
  readonly clone?: string;
  readonly pypiUrl?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `ratchet repair`: the pull request that mends what the audit finds on main. */
export function repairCommand(): Command {
  return new Command('repair')
    .description('Audit main itself, and open the pull request that moves weak dependencies to versions without the weakness.')
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--repository <owner/name>', 'the repository')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--remote-url <url>', 'where git fetches from and pushes to (default: what goes with the API)')
    .option('--npm-registry <url>', "whom npm asks, instead of npm's own configuration (RATCHET_NPM_REGISTRY)")
    .option('--osv-url <url>', "OSV's query address for pip-audit, instead of its own (RATCHET_OSV_URL)")
    .option('--pypi-url <url>', "the Python index's JSON API (RATCHET_PYPI_URL, default: PyPI's)")
    .option('--dry-run', 'plan, write the locks and audit them, and push, open and close nothing')
    .option('--clone <dir>', 'a clone whose main is looked at, asking no forge (with --dry-run)')
    .option('--json', 'one JSON object')
    .action(run);
}

async function run(flags: RepairFlags, command: Command): Promise<void> {
  const tools = repairToolsFor(command, flags);
  if (flags.clone !== undefined && flags.dryRun !== true)
    throw new RatchetError('repair/usage', '--clone asks no forge, so nothing could be opened.', 'Add --dry-run.');
  if (flags.clone !== undefined) return show(await Repository.open({ dir: flags.clone }), tools, flags.json === true);
  const { config, clone, npmRegistry, osvUrl, pypiUrl, dryRun, json, ...own } = flags;
  const settings = loadBotSettings(own, process.env, config);
  const name = repositoryNameOf(settings);
  const workspace = workspaceAt(settings.workspace);
  const credentials = loadCredentials(settings.credentials ?? join(workspace.root, 'github'), process.env);
  const app = await installedApp({ apiUrl: settings.apiUrl, ...credentials }, name);
  const remoteUrl = settings.remoteUrl ?? remoteUrlOf(settings.apiUrl, name);
  const mirrorDir = join(workspace.root, 'repair', 'mirror.git');
  const authorization = async () => basicAuthorization('x-access-token', await app.pushToken());
  const repository = await Repository.openMirror({ dir: mirrorDir, remoteUrl, authorization });
  await repository.fetch();
  if (dryRun === true) return show(repository, tools, json === true);
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  const { api, login: botLogin } = app;
  const program = {
    command: RATCHET_COMMAND,
    mirrorDir,
    remoteUrl,
    candlesDir: settings.candles ?? workspace.candles,
    keyPath: '',
    token: app.pushToken,
  };
  const shared = { api, repository, state, author: BOT_PERSON, botLogin };
  const asked: number[] = [];
  const report = await repairMain({
    ...shared,
    tools,
    clock: Date.now,
    rebase: async (number) => rebase(await api.pullRequest(number), { ...shared, program, commands: COMMAND_HELP }),
    askForProof: (number) => asked.push(number),
    log: createLog(settings.logLevel),
  });
  // Gates run in the bot, which hears of what was pushed and opened, and not of this.
  const toRetest = asked.map((number) => `Comment /retest on #${number}: only the bot proves.`);
  const sentences = [...report.sentences, ...toRetest];
  console.log(json === true ? JSON.stringify({ ...report, sentences }) : sentences.join('\n'));
}

/** What the repair asks and whom: what the audit gate asks, and an index of Python packages. */
export function repairToolsFor(command: Command, flags: ScannerFlags & { readonly pypiUrl?: string }): RepairTools {
  const { audit, clock } = gateToolsFor(command, flags);
  const pypiUrl = flags.pypiUrl ?? process.env.RATCHET_PYPI_URL ?? PYPI;
  if (!/^https?:\/\/[^\s@]+$/.test(pypiUrl) || !URL.canParse(pypiUrl))
    throw new RatchetError('gates/address', `--pypi-url ${pypiUrl} is no web address.`, 'Give one that begins with https://.');
  return { audit, clock, pypiUrl };
}

async function show(repository: Repository, tools: RepairTools, json: boolean): Promise<void> {
  const { branch, weak, mended } = await planRepair(await repository.require(MAIN), { repository, tools, author: BOT_PERSON });
  if (json) {
    console.log(JSON.stringify({ branch, weak, moves: mended?.moves ?? [], unmended: mended?.unmended ?? [] }));
    return;
  }
  if (mended === null) {
    console.log('Main has no known weakness.');
    return;
  }
  const moves = mended.moves.map(({ weak: one, to }) => `${one.file}: ${one.name} ${one.version} → ${to}`);
  const what =
    mended.commit === null
      ? `Nothing of ${counted(weak.length, 'weak package')} can be mended by the bot.`
      : `Would bring this as ${branch}, audited as ${mended.commit.slice(0, 12)}:`;
  console.log([what, ...moves, ...mended.unmended.map(whatStays), 'Nothing was pushed.'].join('\n'));
}
