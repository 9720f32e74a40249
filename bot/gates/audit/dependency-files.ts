/** What a file has to do with dependencies, by its name alone. */
export type DependencyFileKind =
  | 'npm-manifest'
  | 'npm-lock'
  /** Locks of other managers of npm's packages, which `npm audit` does not read. */
  | 'npm-foreign-lock'
  | 'requirements'
  | 'requirements-source'
  | 'pyproject'
  /** `pylock.toml` (PEP 751), `poetry.lock`, `uv.lock` and `pdm.lock`: TOML with a table a package. */
  | 'python-toml-lock'
  | 'pipfile'
  | 'pipfile-lock'
  /** Programs and settings that only a build could read. */
  | 'python-program';

const KINDS: readonly (readonly [RegExp, DependencyFileKind])[] = [
  [/(?:^|\/)package\.json$/, 'npm-manifest'],
  [/(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/, 'npm-lock'],
  [/(?:^|\/)(?:yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$/, 'npm-foreign-lock'],
  [/(?:^|\/)[^/]*requirements[^/]*\.(?:txt|lock|pip)$|(?:^|\/)requirements\/[^/]+\.(?:txt|lock|pip)$/i, 'requirements'],
  [/(?:^|\/)[^/]*requirements[^/]*\.in$|(?:^|\/)requirements\/[^/]+\.in$/i, 'requirements-source'],
  [/(?:^|\/)pyproject\.toml$/, 'pyproject'],
  [/(?:^|\/)(?:pylock(?:\.[^/.]+)?\.toml|poetry\.lock|uv\.lock|pdm\.lock)$/, 'python-toml-lock'],
  [/(?:^|\/)Pipfile$/, 'pipfile'],
  [/(?:^|\/)Pipfile\.lock$/, 'pipfile-lock'],
  [/(?:^|\/)setup\.(?:py|cfg)$/, 'python-program'],
];

/** Null for a file that says nothing about dependencies. What was installed (`node_modules`) is not what is asked for. */
export function dependencyFileKind(path: string): DependencyFileKind | null {
  if (/(?:^|\/)node_modules\//.test(path)) return null;
  return KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}

/** The folder a path stands in; the empty text for the root. */
export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
