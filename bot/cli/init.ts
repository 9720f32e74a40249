import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import { MARKETS_PATH, MarketCosts } from '#bot/evidence/market-costs.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import { clientFor } from '#bot/github/client.ts';
import { hasCredentials, readFacts } from '#bot/github/credentials.ts';
import { putRulesets } from '#bot/github/rules-api.ts';
import { adopt } from '#bot/init/adopt.ts';
import { branchRules } from '#bot/init/branch-rules.ts';
import { ownersIn } from '#bot/init/code-owners.ts';
import { deploymentFiles, keyEntryAt, type RepositoryFiles } from '#bot/init/deployment-files.ts';
import { type Placed, placeFiles } from '#bot/init/place-files.ts';
import { teamFiles } from '#bot/init/team-files.ts';
import { type ProgramSource, workflows } from '#bot/init/workflows.ts';
import { KEYS_PATH } from '#engine/attestation/keys.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RatchetError } from '#engine/errors.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { type BotSettings, GITHUB_API, remoteUrlOf, repositoryNameOf } from './bot/settings.ts';
import { loadBotSettings } from './config.ts';
import { BOT_PERSON } from './identity.ts';
import { describeInit, type InitReport } from './init/describe-init.ts';
import { realPlaceOf } from './init/real-place.ts';
import { cleanCommitOf, originOf, workingTreeAt } from './init/working-tree.ts';
import * as option from './option-parsers.ts';
import { openWorkspace } from './up/open-workspace.ts';
import { prepareMarket } from './up/prepare-market.ts';
import { refuseBadSource } from './up/refuse-bad-source.ts';
import { wantsOfStrategies } from './up/strategy-wants.ts';
import { type Workspace, workspaceAt } from './up/workspace.ts';

interface InitFlags {
  repository?: string;
  workspace?: string;
  apiUrl?: string;
  remoteUrl?: string;
  appId?: number;
  codeOwner?: string;
  program?: string;
  data?: string;
  venue?: string;
  seed?: number;
  force?: boolean;
  protect?: boolean;
  adopt?: boolean;
  json?: boolean;
}

/** A token of whoever administers the repository; it is used for the rules and kept nowhere. */
const ADMIN_VARIABLE = 'RATCHET_ADMIN_TOKEN';
const GIT_VARIABLE = 'RATCHET_GIT_TOKEN';
/** What decides whose signatures count and what evidence is measured by is never replaced, not even with --force. */
const KEPT: ReadonlySet<string> = new Set([KEYS_PATH, EVALUATION_PATH, 'README.md', '.gitignore']);
const CAPITAL = 10_000;
const SEED = 7;
const SOURCE = fileURLToPath(new URL('../../', import.meta.url));

/** `ratchet init`: what a team's own repository needs. */
export function initCommand(): Command {
  return new Command('init')
    .description(
      `Write what a repository needs to be deployed from into a working tree: policies, a first strategy, workflows, keys. Commits nothing. Then, with --protect (token in ${ADMIN_VARIABLE}) and --adopt (token in ${GIT_VARIABLE}), what must be done once on GitHub.`,
    )
    .argument('[dir]', 'the working tree, which may be empty', '.')
    .option('--repository <owner/name>', "the repository on GitHub (default: the working tree's origin)")
    .option('--workspace <dir>', 'where candles and private keys are kept, outside the working tree (default: var)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--remote-url <url>', 'where git pushes to (default: what goes with the API)')
    .option('--app-id <n>', 'the App whose gate is required (default: that of ratchet bot setup)', option.bars)
    .option(
      '--code-owner <@who>',
      "whom GitHub asks for reviews: an account or @organisation/team (default: the repository's owner)",
    )
    .option('--program <owner/name@commit>', 'which Ratchet the workflows run (default: this checkout, when it is clean)')
    .option('--data <path>', 'candles to import, a file or a folder; without it the market is simulated')
    .option('--venue <name>', 'whose candles, when several venues have them')
    .option('--seed <n>', 'of the simulated market and the evidence', option.seed)
    .option('--force', 'write over files that differ; keys, evaluation, README and .gitignore stay even so')
    .option('--protect', 'set the rules of main and the state branch on GitHub, and write nothing')
    .option('--adopt', 'sign, as the owner, the strategies that main has, and write nothing; once, after the first push')
    .option('--json', 'one JSON object')
    .action(async (dir: string, flags: InitFlags) => {
      if (flags.protect === true || flags.adopt === true) await settle(flags);
      else await init(dir, flags);
    });
}

async function init(dir: string, flags: InitFlags): Promise<void> {
  const tree = await workingTreeAt(dir);
  const repository = flags.repository ?? (await originOf(tree)) ?? undefined;
  const settings = settingsOf({ ...flags, ...(repository === undefined ? {} : { repository }) });
  const name = repositoryNameOf(settings);
  const program = await programOf(flags.program);
  const codeOwners = ownersIn(flags.codeOwner ?? `@${name.owner}`);
  refuseInside(tree, workspaceAt(settings.workspace));
  const { workspace, close } = openWorkspace(settings.workspace, Date.now);
  try {
    const own = await ownFiles(flags, workspace);
    const apiUrl = settings.apiUrl === GITHUB_API ? null : settings.apiUrl;
    const team = teamFiles({
      repository: `${name.owner}/${name.name}`,
      apiUrl,
      codeOwners,
    });
    const flows = program === null ? {} : workflows({ program, nights: settings.nights });
    const files = new Map([...own, ...team, ...Object.entries(flows).map(([path, text]) => [path, Buffer.from(text)] as const)]);
    const placed = placeFiles(tree, files, (path) => flags.force === true && !KEPT.has(path));
    show(flags, {
      dir,
      repository: `${name.owner}/${name.name}`,
      ...placed,
      gateKey: workspace.gateKey,
      ownerKey: workspace.ownerKey,
      keysDiffer: placed.left.includes(KEYS_PATH),
      hasWorkflows: program !== null,
      appId: flags.appId ?? appIdIn(workspace, settings),
      workspace: settings.workspace,
      apiUrl,
    });
  } finally {
    close();
  }
}

function settingsOf({ repository, workspace, apiUrl, remoteUrl }: InitFlags): BotSettings {
  return loadBotSettings({ repository, workspace, apiUrl, remoteUrl }, process.env);
}

/** A key or the candles in the working tree would be one `git add` away from everybody, whatever links lead there. */
function refuseInside(tree: string, workspace: Workspace): void {
  const inside = realpathSync(tree);
  for (const place of Object.values(workspace)) {
    const real = realPlaceOf(place);
    if (real !== inside && !real.startsWith(`${inside}${sep}`)) continue;
    throw new RatchetError(
      'init/workspace-inside',
      `The workspace ${workspace.root} would stand inside the working tree, with its private keys: ${place} is ${real}.`,
      'Name a folder outside with --workspace; nothing was written into the tree.',
      { root: workspace.root, place, real },
    );
  }
}

async function ownFiles(flags: InitFlags, workspace: Workspace): Promise<RepositoryFiles> {
  const costs = parsePolicy(MARKETS_PATH, readFileSync(join(SOURCE, MARKETS_PATH), 'utf8'), MarketCosts);
  refuseBadSource({ data: flags.data, venue: flags.venue, costs });
  const store = CandleStore.open(workspace.candles);
  try {
    const { evaluation } = prepareMarket(
      store,
      {
        path: workspace.market,
        data: flags.data,
        venue: flags.venue,
        seed: flags.seed,
        defaultSeed: SEED,
        capital: CAPITAL,
        wants: await wantsOfStrategies(join(SOURCE, 'strategies')),
        costs,
      },
      (message) => console.error(`ratchet: ${message}`),
    );
    const keys = [await keyEntryAt(workspace.gateKey, 'gate'), await keyEntryAt(workspace.ownerKey, 'owner')];
    return deploymentFiles({ source: SOURCE, evaluation, keys });
  } finally {
    store.close();
  }
}

/** Workflows run a commit of Ratchet that anybody can fetch; changes that stand only here cannot be named. */
async function programOf(flag: string | undefined): Promise<ProgramSource | null> {
  const given = flag?.match(/^([A-Za-z0-9-]+\/[A-Za-z0-9._-]+)@([0-9a-f]{40})$/);
  if (given != null) return { repository: given[1]!, commit: given[2]! };
  if (flag !== undefined) {
    throw new RatchetError(
      'init/usage',
      `--program ${flag} is not owner/name@commit.`,
      'Name the commit in full, forty hexadecimal digits.',
    );
  }
  const [repository, commit] = await Promise.all([originOf(SOURCE), cleanCommitOf(SOURCE)]);
  return repository === null || commit === null ? null : { repository, commit };
}

function appIdIn(workspace: Workspace, settings: BotSettings): number | null {
  const dir = settings.credentials ?? join(workspace.root, 'github');
  return hasCredentials(dir) ? readFacts(dir).appId : null;
}

/** What is done on GitHub, each asked for by name. */
async function settle(flags: InitFlags): Promise<void> {
  const settings = settingsOf(flags);
  const name = repositoryNameOf(settings);
  const workspace = workspaceAt(settings.workspace);
  if (flags.adopt === true) {
    const remoteUrl = settings.remoteUrl ?? remoteUrlOf(settings.apiUrl, name);
    const token = process.env[GIT_VARIABLE] ?? '';
    const repository = await Repository.openMirror({
      dir: join(workspace.root, 'owner', 'mirror.git'),
      remoteUrl,
      ...(token === '' ? {} : { authorization: () => basicAuthorization('x-access-token', token) }),
    });
    await repository.fetch();
    const commit = await repository.resolve('main');
    if (commit === null)
      throw new RatchetError('init/no-main', `${remoteUrl} has no branch main.`, 'Commit what ratchet init wrote, and push it.');
    const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
    const adopted = await adopt({
      repository,
      state,
      commit,
      ownerKey: workspace.ownerKey,
      verifier: 'ratchet init --adopt',
      reason: 'The first incumbent of this repository; evidence starts from here.',
      clock: Date.now,
    });
    const names = adopted.length === 0 ? 'nothing: all of them have a statement' : adopted.join(', ');
    console.log(flags.json === true ? JSON.stringify({ adopted, commit }) : `Adopted at ${commit.slice(0, 12)}: ${names}.`);
  }
  if (flags.protect !== true) return;
  const appId = flags.appId ?? appIdIn(workspace, settings);
  if (appId === null)
    throw new RatchetError(
      'init/usage',
      'It is not known which App must pass the gate.',
      'Give --app-id, or run ratchet bot setup.',
    );
  const token = process.env[ADMIN_VARIABLE] ?? '';
  if (token === '')
    throw new RatchetError(
      'init/usage',
      `${ADMIN_VARIABLE} is not set.`,
      'Put a token of an administrator there; nothing was changed.',
    );
  const done = await putRulesets(clientFor(settings.apiUrl, { token }), name, branchRules(appId));
  if (flags.json === true) console.log(JSON.stringify({ rulesets: done }));
  else for (const { name: ruleset, was } of done) console.log(`${was === 'made' ? 'Made' : 'Changed'} the ruleset "${ruleset}".`);
}

function show(flags: InitFlags, report: InitReport & Placed): void {
  console.log(flags.json === true ? JSON.stringify(report) : describeInit(report));
}
