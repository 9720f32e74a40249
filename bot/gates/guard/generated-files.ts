import { posix } from 'node:path';
import { EVIDENCE_PATHS } from '#bot/evidence/evidence-files.ts';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import type { ChangedFile } from '#engine/repository/repository.ts';
import { finding, type GuardFinding } from './finding.ts';

/** Folders that tools fill. */
const MADE_FOLDERS = ['node_modules', 'dist', 'build', 'coverage', '__pycache__', '.venv', 'venv'];
const MADE_FILES = /\.(?:pyc|pyo|tsbuildinfo)$/;

/** A lock, and the manifests that it is made from. */
const LOCKS: Readonly<Record<string, readonly string[]>> = {
  'package-lock.json': ['package.json'],
  'npm-shrinkwrap.json': ['package.json'],
  'yarn.lock': ['package.json'],
  'pnpm-lock.yaml': ['package.json', 'pnpm-workspace.yaml'],
  'bun.lock': ['package.json'],
  'bun.lockb': ['package.json'],
  'poetry.lock': ['pyproject.toml'],
  'uv.lock': ['pyproject.toml'],
  'pdm.lock': ['pyproject.toml'],
  'Pipfile.lock': ['Pipfile'],
};

const EVIDENCE = /^strategies\/([^/]+)\/(evidence\/.*)$/s;

export function isEvidence(path: string): boolean {
  return EVIDENCE.test(path);
}

/**
 * Files that a program makes, where a person or the wrong program has made them.
 * @param returning strategies that a person brings back to a tree which was on main before: their evidence comes with them
 */
export function generatedFiles(
  changes: readonly ChangedFile[],
  author: AuthorClass,
  returning: ReadonlySet<string>,
): readonly GuardFinding[] {
  const touched = new Set(changes.flatMap(({ path, previousPath }) => [path, previousPath ?? path]));
  return changes
    .filter(({ status }) => status !== 'deleted')
    .flatMap(({ path }) => {
      const message = complaint(path, touched, author, returning);
      return message === null ? [] : [finding(path, message)];
    });
}

function complaint(
  path: string,
  touched: ReadonlySet<string>,
  author: AuthorClass,
  returning: ReadonlySet<string>,
): string | null {
  const folder = posix
    .dirname(path)
    .split('/')
    .find((part) => MADE_FOLDERS.includes(part));
  if (folder !== undefined) return `${folder}/ is filled by tools: leave it out of the repository, and name it in .gitignore.`;
  if (MADE_FILES.test(path)) return 'a tool makes this file: leave it out of the repository, and name it in .gitignore.';
  const manifests = LOCKS[posix.basename(path)];
  if (manifests !== undefined && !manifests.some((name) => touched.has(posix.join(posix.dirname(path), name))))
    return `a lock changes with its manifest: ask for the versions in ${manifests.join(' or ')} (overrides for what comes along), and let the tool write this.`;
  const [, strategy, file] = EVIDENCE.exec(path) ?? [];
  if (strategy === undefined || file === undefined || returning.has(strategy)) return null;
  if (author === 'person')
    return 'evidence is made by the night and by nobody else: leave it out, or go back to a whole version that ran before.';
  // Nothing re-executes what stands beside the pack under another name, and it would be signed with it.
  return (EVIDENCE_PATHS as readonly string[]).includes(file)
    ? null
    : 'no night makes this file, so no gate can say whether it is true: leave it out.';
}
