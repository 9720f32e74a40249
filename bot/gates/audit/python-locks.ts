import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { type LockedPackage, lineOf, literally, type Remark } from './inventory.ts';
import { normalName } from './pep440.ts';
import { readRequirement, type Wanted } from './python-requirements.ts';

/** Whose advisories are asked about. */
const PYPI = /^https:\/\/pypi\.org\/simple\/?$/;
const PYPI_FILES = /^https:\/\/files\.pythonhosted\.org\//;

/** `[[package]]` of Poetry, uv and PDM, `[[packages]]` of PEP 751. */
const TomlPackage = z.looseObject({
  name: z.string(),
  version: z.string().optional(),
  source: z.record(z.string(), z.unknown()).optional(),
  vcs: z.unknown().optional(),
  directory: z.unknown().optional(),
  archive: z.unknown().optional(),
  index: z.string().optional(),
});
const TomlLock = z.looseObject({ package: z.array(TomlPackage).optional(), packages: z.array(TomlPackage).optional() });

export interface LockReading {
  readonly pins: readonly LockedPackage[];
  readonly remarks: readonly Remark[];
}

/** Reads `pylock.toml`, `poetry.lock`, `uv.lock` or `pdm.lock`. */
export function readTomlLock(file: string, text: string): LockReading {
  const lock = toml(TomlLock, text);
  const packages = lock?.package ?? lock?.packages;
  if (packages === undefined) {
    // A lock of nothing has no table at all.
    if (lock !== null && !/\[\[packages?\]\]/.test(text)) return { pins: [], remarks: [] };
    return { pins: [], remarks: [unread(file, 1, 'It cannot be read as a lock: have its tool write it anew.')] };
  }
  const headers = text.split('\n').flatMap((line, index) => (/^\[\[packages?\]\]/.test(line.trim()) ? [index + 1] : []));
  const pins: LockedPackage[] = [];
  const remarks: Remark[] = [];
  for (const [index, item] of packages.entries()) {
    const line = headers[index] ?? 1;
    const source = item.source ?? {};
    // uv lists the project itself, and the others of its workspace.
    if (['virtual', 'editable'].some((kind) => kind in source)) continue;
    const isPublished =
      !('git' in source || 'path' in source || 'directory' in source || 'url' in source) &&
      !/^(?:git|directory|file|url)$/.test(String(source.type ?? '')) &&
      item.vcs === undefined &&
      item.directory === undefined &&
      item.archive === undefined;
    if (item.version === undefined || !isPublished) {
      remarks.push(unread(file, line, `${item.name} is no published version, so no advisory can be looked up for it: take one.`));
    } else {
      const elsewhere = comesFrom(item);
      if (elsewhere !== null)
        remarks.push(
          unread(file, line, `${item.name} comes from ${elsewhere}, and advisories are about PyPI's: take it from there.`),
        );
      pins.push({ ecosystem: 'PyPI', name: normalName(item.name), version: item.version, file, line });
    }
  }
  return { pins, remarks };
}

/** The index or the file's address that a lock names, where it is not PyPI's: tools install from there whatever the name says. */
function comesFrom(item: z.infer<typeof TomlPackage>): string | null {
  const index = item.source?.registry ?? item.index;
  if (index !== undefined && !PYPI.test(String(index))) return JSON.stringify(index);
  const strange = addressesIn([item.sdist, item.wheels, item.files]).find((address) => !PYPI_FILES.test(address));
  return strange === undefined ? null : JSON.stringify(strange);
}

function addressesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && /^(?:url|path)$/.test(key) ? [inner] : addressesIn(inner),
  );
}

const Pipfile = z.record(z.string(), z.looseObject({ version: z.string().optional() }));
const PipfileLock = z.looseObject({ default: Pipfile, develop: Pipfile.optional() });

export function readPipfileLock(file: string, text: string): LockReading {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Falls through to the schema, which refuses null.
  }
  const lock = PipfileLock.safeParse(value);
  if (!lock.success)
    return { pins: [], remarks: [unread(file, 1, 'It cannot be read as a lock: write it anew with pipenv lock.')] };
  const pins: LockedPackage[] = [];
  const remarks: Remark[] = [];
  for (const [name, { version }] of [...Object.entries(lock.data.default), ...Object.entries(lock.data.develop ?? {})]) {
    const line = lineOf(text, new RegExp(`"${literally(name)}"\\s*:`));
    const exact = /^==([^*\s]+)$/.exec(version ?? '')?.[1];
    if (exact === undefined)
      remarks.push(unread(file, line, `${name} is no published version, so no advisory can be looked up for it: take one.`));
    else pins.push({ ecosystem: 'PyPI', name: normalName(name), version: exact, file, line });
  }
  return { pins, remarks };
}

const Dependencies = z.array(z.string());
const ToolTable = z.record(z.string(), z.unknown());
const Pyproject = z.looseObject({
  project: z
    .looseObject({
      dependencies: Dependencies.optional(),
      'optional-dependencies': z.record(z.string(), Dependencies).optional(),
      dynamic: z.array(z.string()).optional(),
    })
    .optional(),
  'dependency-groups': z.record(z.string(), z.array(z.unknown())).optional(),
  tool: z
    .looseObject({ poetry: z.looseObject({ dependencies: ToolTable.optional(), group: ToolTable.optional() }).optional() })
    .optional(),
});

export interface ManifestReading {
  readonly wanted: readonly Wanted[];
  readonly remarks: readonly Remark[];
}

/**
 * Reads what `pyproject.toml` asks for: PEP 621's dependencies with the optional ones, PEP 735's groups, and Poetry's main table, of
 * which only the names are taken. What a build needs (`build-system`) is not looked at.
 */
export function readPyproject(file: string, text: string): ManifestReading {
  const value = toml(Pyproject, text);
  if (value === null) return { wanted: [], remarks: [unread(file, 1, 'It cannot be read: mend the TOML.')] };
  const { project } = value;
  const groups = Object.values(value['dependency-groups'] ?? {})
    .flat()
    .filter((item) => typeof item === 'string');
  const texts = [...(project?.dependencies ?? []), ...Object.values(project?.['optional-dependencies'] ?? {}).flat(), ...groups];
  const remarks: Remark[] = [];
  if (project?.dynamic?.some((name) => /dependencies$/.test(name)))
    remarks.push(
      unread(file, lineOf(text, /dynamic\s*=/), 'Its dependencies are made by a build, which is not run: write them down.'),
    );
  const wanted: Wanted[] = [];
  for (const item of texts) {
    const line = lineOf(text, new RegExp(literally(item)));
    const requirement = readRequirement(item);
    if (requirement === null)
      remarks.push(unread(file, line, `${JSON.stringify(item.slice(0, 80))} is no published version: name one.`));
    else wanted.push({ ...requirement, line });
  }
  for (const name of Object.keys(value.tool?.poetry?.dependencies ?? {}).filter((key) => key !== 'python'))
    wanted.push({ name: normalName(name), specifier: null, line: lineOf(text, new RegExp(`^${literally(name)}\\s*=`)) });
  return { wanted, remarks };
}

/** Names only: Pipenv has its own way to write versions. */
export function readPipfile(file: string, text: string): ManifestReading {
  const value = toml(z.looseObject({ packages: ToolTable.optional(), 'dev-packages': ToolTable.optional() }), text);
  if (value === null) return { wanted: [], remarks: [unread(file, 1, 'It cannot be read: mend the TOML.')] };
  const names = [...Object.keys(value.packages ?? {}), ...Object.keys(value['dev-packages'] ?? {})];
  const line = (name: string) => lineOf(text, new RegExp(`^"?${literally(name)}"?\\s*=`));
  return { wanted: names.map((name) => ({ name: normalName(name), specifier: null, line: line(name) })), remarks: [] };
}

function toml<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(parseToml(text)).data ?? null;
  } catch {
    // Not TOML, so not what the caller asks for either; it says so with the file's name.
    return null;
  }
}

function unread(file: string, line: number, message: string): Remark {
  return { kind: 'unread', file, line, message };
}
