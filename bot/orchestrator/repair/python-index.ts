import { z } from 'zod';
import { normalName, satisfies } from '#bot/gates/audit/pep440.ts';
import { readRequirement, readRequirements } from '#bot/gates/audit/python-requirements.ts';
import { excerpt } from '#bot/gates/audit/scan.ts';
import { RatchetError } from '#engine/errors.ts';

const File = z.looseObject({
  yanked: z.boolean().default(false),
  digests: z.looseObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});
const Project = z.looseObject({ releases: z.record(z.string(), z.array(File)) });
const Release = z.looseObject({
  info: z.looseObject({ requires_dist: z.array(z.string()).nullish() }),
  urls: z.array(File),
});

export interface PythonRelease {
  /** sha256 of every file that is not withdrawn. */
  readonly hashes: readonly string[];
  /** What it asks for, as PEP 508 writes it; what only an extra asks for is left out. */
  readonly requires: readonly string[];
}

export interface IndexSettings {
  /** Root of the JSON API, `https://pypi.org/pypi`. */
  readonly pypiUrl: string;
  readonly timeoutMs: number;
}

/** An index of Python packages, by its JSON API (https://docs.pypi.org/api/json/). What was asked once is remembered. */
export class PythonIndex {
  readonly #settings: IndexSettings;
  readonly #releases = new Map<string, Promise<PythonRelease | null>>();

  constructor(settings: IndexSettings) {
    this.#settings = settings;
  }

  /** Versions with a file that is not withdrawn; none for a name that the index does not know. @throws RatchetError `repair/index` */
  async versionsOf(name: string): Promise<readonly string[]> {
    const project = await this.#ask(`${encodeURIComponent(name)}/json`, Project);
    const releases = Object.entries(project?.releases ?? {});
    return releases.filter(([, files]) => files.some(({ yanked }) => !yanked)).map(([version]) => version);
  }

  /** Null when the index does not have it. @throws RatchetError `repair/index` */
  release(name: string, version: string): Promise<PythonRelease | null> {
    const key = `${name} ${version}`;
    const known = this.#releases.get(key) ?? this.#askRelease(name, version);
    this.#releases.set(key, known);
    return known;
  }

  async #askRelease(name: string, version: string): Promise<PythonRelease | null> {
    const release = await this.#ask(`${encodeURIComponent(name)}/${encodeURIComponent(version)}/json`, Release);
    if (release === null) return null;
    return {
      hashes: release.urls.filter(({ yanked }) => !yanked).map(({ digests }) => digests.sha256),
      requires: (release.info.requires_dist ?? []).filter((text) => !/;.*\bextra\s*==/.test(text)),
    };
  }

  async #ask<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    const { pypiUrl, timeoutMs } = this.#settings;
    try {
      const response = await fetch(`${pypiUrl.replace(/\/+$/, '')}/${path}`, { signal: AbortSignal.timeout(timeoutMs) });
      if (response.status === 404) return null;
      if (!response.ok) throw away(`it answered ${response.status}`);
      const value = schema.safeParse(await response.json());
      if (!value.success) throw away('its answer is not what an index says');
      return value.data;
    } catch (error) {
      if (error instanceof RatchetError) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw away(cause instanceof Error ? cause.message : String(cause), error);
    }
  }
}

/**
 * Why a version does not go into a list of requirements, one clause; null when it does. A list with exact versions is installed as it is:
 * what the version needs must stand in it, and nobody in it may ask for another version of it.
 * @param text the list with the version in it already
 */
export async function whyNotInList(
  file: string,
  text: string,
  { name, from, to }: { readonly name: string; readonly from: string; readonly to: string },
  index: PythonIndex,
): Promise<string | null> {
  const release = await index.release(name, to);
  if (release === null || release.hashes.length === 0) return `the index has no file of ${name} ${to}`;
  const pins = new Map(readRequirements(file, text).pins.map((pin) => [pin.name, pin.version]));
  const asked = new Set((await index.release(name, from))?.requires.map((one) => readRequirement(one)?.name));
  for (const one of release.requires) {
    const wanted = readRequirement(one);
    if (wanted === null) return `${name} ${to} needs ${JSON.stringify(one.slice(0, 80))}, which is no published version`;
    const pinned = pins.get(wanted.name);
    // What the old version asked for as well, and the list does not have, is for other platforms.
    if (pinned === undefined && asked.has(wanted.name)) continue;
    if (pinned === undefined) return `${name} ${to} needs ${wanted.name}, which ${file} does not have`;
    if (satisfies(pinned, wanted.specifier) === false)
      return `${name} ${to} needs ${wanted.name}${wanted.specifier}, and ${file} has ${pinned}`;
  }
  for (const [other, version] of pins) {
    if (other === name) continue;
    for (const one of (await index.release(other, version))?.requires ?? []) {
      const wanted = readRequirement(one);
      if (wanted === null || normalName(wanted.name) !== name) continue;
      if (satisfies(to, wanted.specifier) === false && satisfies(from, wanted.specifier) !== false)
        return `${other} ${version} asks for ${name}${wanted.specifier}`;
    }
  }
  return null;
}

function away(why: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'repair/index',
    `The index of Python packages gave no usable answer: ${excerpt(why).replace(/\.$/, '')}.`,
    'Nothing was pushed; it is tried again.',
    {},
    cause,
  );
}
