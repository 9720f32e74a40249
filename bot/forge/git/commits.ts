import { LRUCache } from 'lru-cache';
import { askOnce, git, gitFailed, gitLine } from './run-git.ts';

export interface Signature {
  name: string;
  email: string;
  /** Seconds since 1970. */
  atSeconds: number;
  /** `+0000` and the like. */
  zone: string;
}

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
  /** The signature in the commit's header, which the forge shows and does not judge. */
  signature: string | null;
}

/** A commit is for ever what it is, and every page asks for the same ones. */
const kept = new LRUCache<string, Commit>({ max: 10_000 });

/** Reads commits in the order asked; every hash must name a commit. */
export async function readCommits(gitDir: string, shas: readonly string[]): Promise<Commit[]> {
  const keyOf = (sha: string): string => `${gitDir} ${sha}`;
  // Taken now: what is kept may have to make room while the others are read.
  const known = new Map([...new Set(shas)].map((sha) => [sha, kept.get(keyOf(sha))]));
  const wanted = [...known.keys()].filter((sha) => known.get(sha) === undefined);
  for (const commit of await readFromDisk(gitDir, wanted)) {
    known.set(commit.sha, commit);
    kept.set(keyOf(commit.sha), commit);
  }
  return shas.map((sha) => structuredClone(known.get(sha)!));
}

async function readFromDisk(gitDir: string, shas: readonly string[]): Promise<Commit[]> {
  if (shas.length === 0) return [];
  const output = await git(gitDir, ['cat-file', '--batch'], { input: `${shas.join('\n')}\n` });
  const commits: Commit[] = [];
  let at = 0;
  while (at < output.length) {
    const headerEnd = output.indexOf(10, at);
    const [sha, type, size] = output.toString('utf8', at, headerEnd).split(' ');
    if (type !== 'commit') throw new RangeError(`${sha} is ${type}, not a commit`);
    const bodyEnd = headerEnd + 1 + Number(size);
    commits.push(parseCommit(sha!, output.toString('utf8', headerEnd + 1, bodyEnd)));
    at = bodyEnd + 1;
  }
  return commits;
}

export async function readCommit(gitDir: string, sha: string): Promise<Commit> {
  return (await readCommits(gitDir, [sha]))[0]!;
}

function parseCommit(sha: string, text: string): Commit {
  const gap = text.indexOf('\n\n');
  const header = gap < 0 ? text : text.slice(0, gap);
  const commit: Commit = {
    sha,
    tree: '',
    parents: [],
    author: { name: '', email: '', atSeconds: 0, zone: '+0000' },
    committer: { name: '', email: '', atSeconds: 0, zone: '+0000' },
    message: gap < 0 ? '' : text.slice(gap + 2).replace(/\n+$/, ''),
    signature: null,
  };
  let inSignature = false;
  for (const line of header.split('\n')) {
    if (line.startsWith(' ')) {
      if (inSignature) commit.signature += `\n${line.slice(1)}`;
      continue;
    }
    inSignature = false;
    const space = line.indexOf(' ');
    const value = line.slice(space + 1);
    switch (line.slice(0, space)) {
      case 'tree':
        commit.tree = value;
        break;
      case 'parent':
        commit.parents.push(value);
        break;
      case 'author':
        commit.author = parseSignature(value);
        break;
      case 'committer':
        commit.committer = parseSignature(value);
        break;
      case 'gpgsig':
        commit.signature = value;
        inSignature = true;
        break;
    }
  }
  return commit;
}

function parseSignature(text: string): Signature {
  const match = /^(.*?) ?<(.*)> (-?\d+) ([+-]\d{4})$/.exec(text);
  if (match === null) return { name: text, email: '', atSeconds: 0, zone: '+0000' };
  return { name: match[1]!, email: match[2]!, atSeconds: Number(match[3]), zone: match[4]! };
}

/** Writes a commit object and gives its hash; no reference moves. */
export function writeCommit(
  gitDir: string,
  commit: { tree: string; parents: readonly string[]; author: Signature; committer: Signature; message: string },
): Promise<string> {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(commit.author)}`,
    `committer ${formatSignature(commit.committer)}`,
    '',
    commit.message.replaceAll('\0', '').replace(/\n*$/, '\n'),
  ];
  return gitLine(gitDir, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: lines.join('\n') });
}

function formatSignature(signature: Signature): string {
  const clean = (text: string) => text.replace(/[<>\0\r\n]/g, '').trim();
  return `${clean(signature.name) || 'unknown'} <${clean(signature.email)}> ${signature.atSeconds} ${signature.zone}`;
}

export interface LogFilter {
  path?: string | undefined;
  author?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** The hashes of the commits reachable from `tip`, newest first, one page. */
export async function logOf(
  gitDir: string,
  tip: string,
  filter: LogFilter,
  slice: { limit: number; offset: number },
): Promise<string[]> {
  const args = ['rev-list', `--max-count=${slice.limit}`, `--skip=${slice.offset}`];
  if (filter.author !== undefined) args.push('--fixed-strings', `--author=${filter.author}`);
  if (filter.since !== undefined) args.push(`--since=${filter.since}`);
  if (filter.until !== undefined) args.push(`--until=${filter.until}`);
  args.push(tip, '--');
  if (filter.path !== undefined) args.push(`:(literal)${filter.path}`);
  return lines(await git(gitDir, args));
}

/** The commits reachable from `head` and not from `base`, oldest first. */
export async function commitsBetween(gitDir: string, base: string, head: string, maximum = 10_000): Promise<string[]> {
  const args = ['rev-list', '--reverse', '--topo-order', `--max-count=${maximum}`, head, `^${base}`, '--'];
  return lines(await answerAbout(gitDir, args, [base, head]));
}

export async function mergeBaseOf(gitDir: string, one: string, other: string): Promise<string | null> {
  const output = await askOnce(gitDir, ['merge-base', one, other], [one, other], [0, 1]);
  return output.exitCode === 0 ? output.stdout.toString('utf8').trim() : null;
}

export async function isAncestor(gitDir: string, ancestor: string, descendant: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, descendant];
  return (await askOnce(gitDir, args, [ancestor, descendant], [0, 1])).exitCode === 0;
}

/** How many commits `head` has that `base` lacks, and the other way round. */
export async function distance(gitDir: string, base: string, head: string): Promise<{ ahead: number; behind: number }> {
  const counts = await answerAbout(gitDir, ['rev-list', '--left-right', '--count', `${base}...${head}`], [base, head]);
  const [behind, ahead] = counts.toString('utf8').trim().split('\t');
  return { ahead: Number(ahead), behind: Number(behind) };
}

async function answerAbout(gitDir: string, args: readonly string[], names: readonly string[]): Promise<Buffer> {
  const output = await askOnce(gitDir, args, names);
  if (output.exitCode !== 0) throw gitFailed(args, output);
  return output.stdout;
}

function lines(output: Buffer): string[] {
  return output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
