import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { text } from '#bot/evidence/markdown.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { ChangedFile, CommitHash, LoggedCommit } from '#engine/repository/repository.ts';
import { editedText } from '../edited-text.ts';
import { evidenceOn, strategyOf } from './evidence-on.ts';
import { type LifeOptions, MAIN, tipOfMain } from './life-options.ts';

export interface Rebased {
  readonly from: string;
  readonly to: string;
  /** What was made again, one sentence. */
  readonly sentence: string;
}

type RebaseOptions = Pick<LifeOptions, 'api' | 'repository' | 'state' | 'program' | 'author' | 'commands' | 'botLogin'>;

/**
 * Makes the bot's own commit again on the present main: the same files, with evidence of their own when what stands there no longer
 * holds. The branch moves from exactly the head that was read to the new one, or not at all.
 * @throws RatchetError `life/foreign-commits`, `life/conflict`, `life/fresh`, `life/branch-gone`, `life/head-moved`, `life/not-the-bots`
 */
export async function rebase(pull: PullRequest, options: RebaseOptions): Promise<Rebased> {
  const { api, repository } = options;
  const base = await tipOfMain(options);
  const { head, fork, own } = await ownCommit(pull, options);
  if (fork === base) {
    // A rebase that was killed after its push has still to say what the pull request is now.
    const isMended = await mendText(pull, base, options);
    throw new RatchetError(
      'life/fresh',
      `#${pull.number} stands on the present ${MAIN}.`,
      isMended ? 'Its description was written again.' : 'Nothing was done.',
    );
  }
  const changes = await repository.diff(fork, head);
  const strategy = strategyOf(pull.headRef);
  const evidence = strategy === null ? null : `strategies/${strategy}/evidence/`;
  const files = changes.filter(({ path }) => evidence === null || !path.startsWith(evidence));
  await requireUntouched(pull, files, { base, fork, head }, options);
  const content = await contentOf(files, head, options);
  const remade = strategy === null ? null : await evidenceOn({ strategy, fork, head, base }, options);
  if (strategy !== null && remade !== null) {
    for (const [path, text] of await evidenceFiles(remade.pack)) content.set(`strategies/${strategy}/${path}`, Buffer.from(text));
  }
  const date = new Date(own.committedAt);
  const to = await repository.commit({
    parent: base,
    changes: content,
    message: own.message,
    author: own.author,
    date,
  });
  if ((await repository.treeOf(to, '')) === (await repository.treeOf(base, '')))
    throw conflict(pull, `${MAIN} has what it proposes already`, 'Close it.');
  await moveBranch(pull, head, to, options);
  await mendText(await api.pullRequest(pull.number), base, options);
  return { from: head, to, sentence: remade?.sentence ?? 'Its files are as they were.' };
}

/** True when only the bot's own commit stands on the branch. */
export async function isOnlyTheBots(pull: PullRequest, options: Pick<LifeOptions, 'repository' | 'author'>): Promise<boolean> {
  const { repository, author } = options;
  const head = await repository.resolve(pull.headSha);
  const main = await repository.resolve(MAIN);
  const fork = head === null || main === null ? null : await repository.mergeBase(main, head);
  if (head === null || fork === null) return false;
  return (await repository.commitsSince(fork, head)).every((commit) => commit.author.email === author.email);
}

/** The one commit that a branch of the bot has. */
async function ownCommit(
  pull: PullRequest,
  { repository, author, botLogin }: RebaseOptions,
): Promise<{ head: CommitHash; fork: CommitHash; own: LoggedCommit }> {
  const { number } = pull;
  if (pull.author !== botLogin) {
    throw new RatchetError(
      'life/not-the-bots',
      `#${number} is not the bot's: it belongs to @${pull.author}.`,
      `Whoever wrote it brings it onto the new ${MAIN}; nothing was touched.`,
      { number },
    );
  }
  const standing = (await repository.branches()).find(({ name }) => name === pull.headRef);
  if (standing === undefined) {
    throw new RatchetError(
      'life/branch-gone',
      `The branch of #${number} is gone.`,
      'Restore it on the pull request’s page, or close the pull request; nothing was touched.',
      { number, branch: pull.headRef },
    );
  }
  if (standing.tip !== pull.headSha) throw moved(pull);
  const main = await repository.require(MAIN);
  const fork = await repository.mergeBase(main, standing.tip);
  if (fork === null) throw conflict(pull, `it shares no history with ${MAIN}`, 'Close it.');
  const commits = await repository.commitsSince(fork, standing.tip);
  const [own] = commits;
  const foreign = commits.find((commit) => commit.author.email !== author.email) ?? commits[1];
  if (own === undefined || foreign !== undefined) {
    const which = foreign === undefined ? 'no commit' : `${foreign.commit.slice(0, 12)} by ${text(foreign.author.name)}`;
    throw new RatchetError(
      'life/foreign-commits',
      `#${number} is not only the bot's own commit any more: ${which} stands on its branch.`,
      'The bot leaves such a branch alone: rebase it by hand, or take the commit off.',
      { number },
    );
  }
  return { head: standing.tip, fork, own };
}

/** A file that main has changed too is for somebody to look at, unless both sides ended with the same. */
async function requireUntouched(
  pull: PullRequest,
  files: readonly ChangedFile[],
  at: { readonly base: CommitHash; readonly fork: CommitHash; readonly head: CommitHash },
  { repository }: RebaseOptions,
): Promise<void> {
  const paths = files.flatMap(({ path, previousPath }) => (previousPath === undefined ? [path] : [previousPath, path]));
  const [base, fork, head] = await Promise.all(
    [at.base, at.fork, at.head].map(async (commit) => {
      const found = await repository.readFiles(commit, paths);
      return (path: string) => {
        const bytes = found.get(path);
        return bytes === undefined ? null : Buffer.from(bytes).toString('base64');
      };
    }),
  );
  const touched = paths.find((path) => base!(path) !== fork!(path) && base!(path) !== head!(path));
  if (touched === undefined) return;
  throw conflict(
    pull,
    `${MAIN} has changed ${touched} since, and so does it`,
    'What it claims was measured against what stood there before: close it and let a night look again.',
  );
}

async function contentOf(
  files: readonly ChangedFile[],
  head: CommitHash,
  { repository }: RebaseOptions,
): Promise<Map<string, Uint8Array | null>> {
  const found = await repository.readFiles(
    head,
    files.map(({ path }) => path),
  );
  const content = new Map<string, Uint8Array | null>();
  for (const { path, previousPath } of files) {
    if (previousPath !== undefined) content.set(previousPath, null);
    content.set(path, found.get(path) ?? null);
  }
  return content;
}

async function moveBranch(pull: PullRequest, from: CommitHash, to: CommitHash, { repository }: RebaseOptions): Promise<void> {
  try {
    await repository.push(pull.headRef, to, { expect: from });
  } catch (error) {
    if (error instanceof RatchetError && error.code === 'repository/moved') throw moved(pull, error);
    throw error;
  }
}

/** The description names commits and numbers, so it is made again with them. */
async function mendText(pull: PullRequest, base: CommitHash, options: RebaseOptions): Promise<boolean> {
  const edited = await editedText(pull, options, base);
  if (edited === null) return false;
  await options.api.rewritePullRequest(pull.number, edited.text);
  return true;
}

function moved(pull: PullRequest, cause?: unknown): RatchetError {
  return new RatchetError(
    'life/head-moved',
    `Somebody has moved the branch of #${pull.number}, which was at ${pull.headSha.slice(0, 12)}.`,
    'Look at what was pushed, and ask again.',
    { number: pull.number },
    cause,
  );
}

function conflict(pull: PullRequest, why: string, remedy: string): RatchetError {
  return new RatchetError('life/conflict', `#${pull.number} cannot be made again: ${why}.`, remedy, { number: pull.number });
}
