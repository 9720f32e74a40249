import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { day } from '#bot/evidence/numbers.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { CommentCommand } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';

/** Enough to see where it comes from. */
const VERSIONS_SHOWN = 8;
/** A question in a comment is worth a few seconds of git. */
const COMMITS_LOOKED_AT = 500;

export const strategy: CommentCommand = {
  name: 'strategy',
  usage: '/strategy [STRATEGY]',
  summary: 'show what a strategy on main is: stage, parameters, evidence, versions',
  help: 'A strategy as it stands on main: its hypothesis, stage and parameters, the candles its evidence is judged on, and its newest versions with the commits that brought them.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [name] }, { repository, api }) {
    const main = await tipOf(repository);
    const id = await deployedStrategy(repository, main, name);
    const path = `strategies/${id}/manifest.yaml`;
    const manifest = parseManifest(id, (await readText(repository, main, path)) ?? undefined);
    const { dataset, spans } = parseEvaluation(await readText(repository, main, EVALUATION_PATH));
    const page = await api.pageUrl();
    const parameters = Object.entries(manifest.parameters).map(([key, value]) => `${code(key)} ${value}`);
    return [
      `**[${id}](${page}/blob/${main}/strategies/${id}/${manifest.entry})**, stage **${manifest.stage}**`,
      text(manifest.description),
      `Parameters: ${parameters.length === 0 ? 'as the source has them' : parameters.join(', ')}.`,
      `Judged on ${dataset.isSimulated ? 'SIMULATED candles' : 'candles'} ${code(dataset.digest)}, ${day(spans.development.from)} to ${day(spans.vault.to)}.`,
      await versionsOf(repository, id, page),
    ].join('\n\n');
  },
};

async function versionsOf(repository: Repository, id: string, page: string): Promise<string> {
  const versions = await versionsOnMain(repository, id, VERSIONS_SHOWN);
  const rows = versions.map(({ commit, tree, committedAt, subject }) => [
    day(committedAt),
    code(tree.slice(0, 12)),
    `[${commit.slice(0, 8)}](${page}/commit/${commit})`,
    text(subject),
  ]);
  const columns = (['Since', 'Tree', 'Commit', 'What it did'] as const).map((title) => ({ title, alignment: 'left' as const }));
  return `Versions, the newest first:\n\n${table(columns, rows)}`;
}

interface VersionOnMain {
  readonly commit: CommitHash;
  readonly tree: string;
  readonly committedAt: number;
  readonly subject: string;
}

/** The commits of main that changed the strategy's tree, newest first. */
async function versionsOnMain(repository: Repository, id: string, limit: number): Promise<readonly VersionOnMain[]> {
  const tip = await tipOf(repository);
  const log = (await repository.firstParentLog(null, tip)).slice(-COMMITS_LOOKED_AT).toReversed();
  const versions: VersionOnMain[] = [];
  for (const [index, { commit, committedAt, message }] of log.entries()) {
    const tree = await repository.treeOf(commit, `strategies/${id}`);
    const before = log[index + 1];
    const earlier = before === undefined ? null : await repository.treeOf(before.commit, `strategies/${id}`);
    if (tree !== null && tree !== earlier) versions.push({ commit, tree, committedAt, subject: message.split('\n')[0]! });
    if (versions.length === limit) break;
  }
  return versions;
}
