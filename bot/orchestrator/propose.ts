import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { plain, shortened } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { type PullRequestText, renderPullRequest } from '#bot/evidence/render.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import { openPull } from './open-pull.ts';

const SUBJECT_LENGTH_MAX = 100;

export interface ProposeTask {
  readonly version: StrategyVersion;
  /** Files of the version it replaces; what it no longer has goes. */
  readonly replaces: ReadonlyMap<string, string>;
  readonly pack: Pack;
  readonly base: CommitHash;
  readonly repository: Repository;
  readonly api: RepositoryApi;
  readonly author: Person;
  /** Dates the commit; fixed for a cycle, so that a night that is run again makes the same commit. */
  readonly date: Date;
  readonly commands: readonly CommandHelp[];
}

export function branchOf(strategy: string, cycle: string): string {
  return `evolve/${strategy}/${cycle}`;
}

export function retirementBranchOf(strategy: string, cycle: string): string {
  return `retire/${strategy}/${cycle}`;
}

export function moduleBranchOf(module: string, cycle: string): string {
  return `analysis/${module}/${cycle}`;
}

const PROPOSAL = /^(?:evolve|retire|analysis)\/[^/]+\/(.+)$/;

/** Whether a branch is what a night proposes. */
export function isProposal(branch: string): boolean {
  return PROPOSAL.test(branch);
}

/** The night a branch of the bot's belongs to; null for any other branch. */
export function cycleOfBranch(branch: string): string | null {
  const cycle = PROPOSAL.exec(branch)?.[1];
  return cycle !== undefined && /^\d{8}-\d+$/.test(cycle) ? cycle : null;
}

/** Whether a branch is what another night proposes for a strategy. */
export function changesStrategy(branch: string, strategy: string, cycle: string): boolean {
  const [folder, id, night] = branch.split('/');
  return (folder === 'evolve' || folder === 'retire') && id === strategy && night !== cycle;
}

/** One commit that touches the strategy's folder only, one branch, one pull request. Doing it twice makes nothing new. */
export async function propose(task: ProposeTask): Promise<PullRequest> {
  const { pack, version, replaces } = task;
  const folder = `strategies/${pack.strategy}`;
  const changes = new Map<string, Uint8Array | null>();
  for (const path of replaces.keys()) changes.set(`${folder}/${path}`, null);
  for (const [path, text] of version.files) changes.set(`${folder}/${path}`, Buffer.from(text));
  for (const [path, text] of await evidenceFiles(pack)) changes.set(`${folder}/${path}`, Buffer.from(text));
  const headRef = branchOf(pack.strategy, pack.cycle);
  return openPull({
    ...task,
    headRef,
    changes,
    message: commitMessage(pack),
    labels: ['ratchet', `strategy:${pack.strategy}`, pack.dataset.isSimulated ? 'simulated' : 'real-candles'],
    text: (head) => textOf(pack, { ...task, head, headRef, stage: version.manifest.stage }),
  });
}

/** What a pull request says, which follows from the evidence and from where it stands. */
export async function textOf(
  pack: Pack,
  place: { api: RepositoryApi; base: string; head: string; headRef: string; stage: Stage; commands: readonly CommandHelp[] },
): Promise<PullRequestText> {
  return renderPullRequest(pack, {
    repositoryUrl: await place.api.pageUrl(),
    base: { ref: 'main', sha: place.base },
    head: { ref: place.headRef, sha: place.head },
    stage: place.stage,
    commands: place.commands,
  });
}

/** Made of the author's words, so nothing in it may close an issue or call a person. */
function commitMessage({ strategy, cycle, proposal }: Pack): string {
  const subject = shortened(`${strategy}: ${proposal.changes.map(plain).join(', ')}`, SUBJECT_LENGTH_MAX);
  return `${subject}\n\n${plain(proposal.hypothesis)}\n\nCycle: ${cycle}`;
}
