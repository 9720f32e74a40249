import type { ForgeContext } from '#bot/forge/context.ts';
import type { Commit, Signature } from '#bot/forge/git/commits.ts';
import type { FileDiff } from '#bot/forge/git/diff.ts';
import { userByLogin } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow, UserRow } from '#bot/forge/queries/rows.ts';
import { presentUser } from './accounts.ts';
import { apiOf, escapePath, htmlOf, isoTime, nodeId } from './addresses.ts';

const noReplyHost = 'users.noreply.forge.localhost';

/** The address that commits made here carry, so that they can be told to whom they belong. */
export function emailOf(user: UserRow): string {
  return `${user.id}+${user.login}@${noReplyHost}`;
}

/** Who a commit's signature belongs to, when it carries an address the forge gave. */
export function userOfEmail(forge: ForgeContext, email: string): UserRow | undefined {
  const match = /^(?:\d+\+)?(.+)@users\.noreply\.forge\.localhost$/.exec(email);
  return match === null ? undefined : userByLogin(forge.database, match[1]!);
}

/** A commit as the commits, pulls and compare addresses give it. */
export function presentCommit(forge: ForgeContext, repository: RepositoryRow, commit: Commit) {
  const api = apiOf(forge, repository);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', `${repository.id}:${commit.sha}`),
    commit: {
      author: presentSignature(commit.author),
      committer: presentSignature(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: presentVerification(commit),
    },
    url: `${api}/commits/${commit.sha}`,
    html_url: `${htmlOf(forge, repository)}/commit/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    author: presentSigner(forge, commit.author),
    committer: presentSigner(forge, commit.committer),
    parents: presentParents(forge, repository, commit),
  };
}

/** A commit as the git data API gives it. */
export function presentGitCommit(forge: ForgeContext, repository: RepositoryRow, commit: Commit) {
  const api = apiOf(forge, repository);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', `${repository.id}:${commit.sha}`),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${htmlOf(forge, repository)}/commit/${commit.sha}`,
    author: presentSignature(commit.author),
    committer: presentSignature(commit.committer),
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: presentParents(forge, repository, commit, '/git/commits'),
    verification: presentVerification(commit),
  };
}

/** The short form inside check suites. */
export function presentSimpleCommit(commit: Commit) {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: isoTime(commit.committer.atSeconds * 1000),
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}

/** The form inside `push` events. */
export function presentPushedCommit(
  forge: ForgeContext,
  repository: RepositoryRow,
  commit: Commit,
  files: readonly FileDiff[],
  distinct: boolean,
) {
  const person = (signature: Signature) => {
    const user = userOfEmail(forge, signature.email);
    return { name: signature.name, email: signature.email, ...(user === undefined ? {} : { username: user.login }) };
  };
  const paths = (...wanted: Array<FileDiff['status']>) =>
    files.filter((file) => wanted.includes(file.status)).map((file) => file.path);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct,
    message: commit.message,
    timestamp: isoTime(commit.committer.atSeconds * 1000),
    url: `${htmlOf(forge, repository)}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added: paths('added', 'copied', 'renamed'),
    removed: [...paths('removed'), ...files.flatMap((file) => (file.status === 'renamed' ? [file.previousPath!] : []))],
    modified: paths('modified', 'changed'),
  };
}

/** One file of a difference. `ref` is the commit that has the file after the change. */
export function presentFileDiff(forge: ForgeContext, repository: RepositoryRow, file: FileDiff, ref: string) {
  const path = escapePath(file.path);
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${htmlOf(forge, repository)}/blob/${ref}/${path}`,
    raw_url: `${htmlOf(forge, repository)}/raw/${ref}/${path}`,
    contents_url: `${apiOf(forge, repository)}/contents/${path}?ref=${ref}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}

function presentSignature(signature: Signature) {
  return { name: signature.name, email: signature.email, date: isoTime(signature.atSeconds * 1000) };
}

function presentSigner(forge: ForgeContext, signature: Signature) {
  const user = userOfEmail(forge, signature.email);
  return user === undefined ? null : presentUser(forge, user);
}

function presentParents(forge: ForgeContext, repository: RepositoryRow, commit: Commit, under = '/commits') {
  return commit.parents.map((sha) => ({
    sha,
    url: `${apiOf(forge, repository)}${under}/${sha}`,
    html_url: `${htmlOf(forge, repository)}/commit/${sha}`,
  }));
}

function presentVerification(commit: Commit) {
  // The forge keeps no keys: a signature is shown and said to be of an unknown key.
  return {
    verified: false,
    reason: commit.signature === null ? 'unsigned' : 'unknown_key',
    signature: commit.signature,
    payload: null,
    verified_at: null,
  };
}
