import { join } from 'node:path';
import { Command } from 'commander';
import { installedApp } from '#bot/github/app-client.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import { archiveByHand, type BranchOptions, staleBranches } from '#bot/orchestrator/life/stale-branches.ts';
import { createLog } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { type BotSettings, remoteUrlOf, repositoryNameOf } from './bot/settings.ts';
import { columned } from './columned.ts';
import { loadBotSettings } from './config.ts';
import { BOT_PERSON } from './identity.ts';
import { workspaceAt } from './up/workspace.ts';

interface BranchFlags
  extends Partial<Pick<BotSettings, 'repository' | 'workspace' | 'credentials' | 'apiUrl' | 'remoteUrl' | 'logLevel'>> {
  config?: string;
  json?: boolean;
}

/** `ratchet branches`: branches of the repository that nobody has touched for long. */
export function branchesCommand(): Command {
  return new Command('branches')
    .description('Branches that nobody has touched for long.')
    .addCommand(
      withPlace(new Command('list').description('List stale branches, and from when each is archived.'))
        .option('--json', 'one JSON array')
        .action(list),
    )
    .addCommand(
      withPlace(new Command('archive').description('Keep a branch under refs/archive/ and remove it, stale or not.'))
        .argument('<branch>', 'its name')
        .action(archive),
    );
}

function withPlace(command: Command): Command {
  return command
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--repository <owner/name>', 'the repository')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--remote-url <url>', 'where git fetches from and pushes to (default: what goes with the API)');
}

async function list({ json, ...flags }: BranchFlags): Promise<void> {
  const options = await open(flags);
  await options.repository.fetch();
  await options.state.reload();
  const stale = await staleBranches(options);
  if (json === true) {
    console.log(JSON.stringify(stale.map(({ needsWarning: _, ...branch }) => branch)));
    return;
  }
  if (stale.length === 0) {
    console.log('No branch is stale.');
    return;
  }
  const rows = stale.map(({ name, tip, since, archivedFrom, why }) => [
    name,
    tip.slice(0, 12),
    since,
    archivedFrom ?? 'not by itself',
    why,
  ]);
  console.log(columned(['Branch', 'Tip', 'Untouched since', 'Archived from', 'Why'], rows));
}

async function archive(branch: string, flags: BranchFlags): Promise<void> {
  const ref = await archiveByHand(branch, await open(flags));
  console.log(`${branch} is removed, and its tip stays as ${ref}.`);
}

async function open({ config, ...flags }: Omit<BranchFlags, 'json'>): Promise<BranchOptions> {
  const settings = loadBotSettings(flags, process.env, config);
  const name = repositoryNameOf(settings);
  const workspace = workspaceAt(settings.workspace);
  const credentials = loadCredentials(settings.credentials ?? join(workspace.root, 'github'), process.env);
  const app = await installedApp({ apiUrl: settings.apiUrl, ...credentials }, name);
  const repository = await Repository.openMirror({
    dir: join(workspace.root, 'branches', 'mirror.git'),
    remoteUrl: settings.remoteUrl ?? remoteUrlOf(settings.apiUrl, name),
    authorization: async () => basicAuthorization('x-access-token', await app.pushToken()),
  });
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  return { api: app.api, repository, state, author: BOT_PERSON, clock: Date.now, log: createLog(settings.logLevel) };
}
