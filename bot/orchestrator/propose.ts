import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { plain, shortened } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { type PullRequestText, renderPullRequest } from '#bot/evidence/render.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';

const SUBJECT_LENGTH_MAX = 100;

export interface ProposeTask {
  readonly version: StrategyVersion;
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

/** One commit that touches the strategy's folder only, one branch, one pull request. Doing it twice makes nothing new. */
export async function propose(task: ProposeTask): Promise<PullRequest> {
  const { pack, version, repository, api } = task;
  const folder = `strategies/${pack.strategy}`;
  const changes = new Map<string, Uint8Array>();
  for (const [path, text] of version.files) changes.set(`${folder}/${path}`, Buffer.from(text));
  for (const [path, text] of await evidenceFiles(pack)) changes.set(`${folder}/${path}`, Buffer.from(text));
  const headRef = branchOf(pack.strategy, pack.cycle);
  const head = await repository.commit({
    parent: task.base,
    changes,
    message: commitMessage(pack),
    author: task.author,
    date: task.date,
  });
  if ((await repository.resolve(headRef)) !== head) await repository.push(headRef, head);
  const existing = await api.findPullRequest(headRef);
  const labels = ['ratchet', `strategy:${pack.strategy}`, pack.dataset.isSimulated ? 'simulated' : 'real-candles'];
  if (existing !== null) {
    // Whoever opened it may have been killed before it wore them.
    if (existing.state === 'open') await api.label(existing.number, labels);
    return existing;
  }
  const { stage } = version.manifest;
  const { title, body } = await textOf(pack, { api, base: task.base, head, headRef, stage, commands: task.commands });
  const opened = await api.openPullRequest({ title, body, headRef, baseRef: 'main' });
  await api.label(opened.number, labels);
  return opened;
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
