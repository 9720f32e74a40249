import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseManifest } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { printable } from './framed-process.ts';

const FILE_BYTES_MAX = 1024 * 1024;
const MANIFEST = 'manifest.yaml';

export interface StrategyFiles {
  /** The entry and the manifest, by name within the folder, as far as they exist. */
  readonly files: ReadonlyMap<string, string>;
  readonly entry: string;
}

/**
 * What is on disk of a strategy: one source file, or a folder whose manifest.yaml names the entry. Links are refused, since they
 * point outside what is reviewed. Throws RatchetError `sandbox/no-strategy`, `sandbox/link`, `sandbox/manifest`, `sandbox/too-large`,
 * `sandbox/not-text`.
 */
export async function readStrategyFiles(path: string): Promise<StrategyFiles> {
  const target = resolve(path);
  if (!(await kindOf(target)).isDirectory()) {
    const entry = basename(target);
    return { files: new Map([[entry, await readPlain(dirname(target), entry)]]), entry };
  }
  const items = await readdir(target, { withFileTypes: true });
  const linked = items.find((item) => item.isSymbolicLink());
  if (linked !== undefined) throw link(join(path, linked.name));
  const has = (name: string) => items.some((item) => item.name === name);
  if (!has(MANIFEST)) throw manifestError(`${path} has no ${MANIFEST}.`, 'Give the source file itself, or add a manifest.');
  const manifest = await readPlain(target, MANIFEST);
  const parsed = parseManifest(manifest);
  if ('problem' in parsed)
    throw manifestError(`${join(path, MANIFEST)} is not valid: ${parsed.problem}.`, 'Correct the manifest.');
  const { entry } = parsed.manifest;
  const files = new Map([[MANIFEST, manifest]]);
  if (has(entry)) files.set(entry, await readPlain(target, entry));
  return { files, entry };
}

/** Of the file that was looked at, even when another is put in its place meanwhile. */
async function readPlain(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  if (!(await kindOf(path)).isFile()) throw noStrategy(`${path} is no plain file.`);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw noStrategy(`${path} is no plain file.`);
    if (stats.size > FILE_BYTES_MAX) {
      throw new RatchetError('sandbox/too-large', `${path} has ${stats.size} bytes.`, 'A strategy is a small text file.');
    }
    return decoded(path, await file.readFile());
  } finally {
    await file.close();
  }
}

/** Nothing is replaced or left out on the way: what is judged is what stands in the file, a byte order mark included. */
function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RatchetError('sandbox/not-text', `${path} is not UTF-8.`, 'Save it as plain UTF-8 text.', {}, cause);
  }
}

async function kindOf(path: string): Promise<{ isDirectory(): boolean; isFile(): boolean }> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) throw noStrategy(`${path} does not exist.`);
  if (stats.isSymbolicLink()) throw link(path);
  if (!stats.isFile() && !stats.isDirectory()) throw noStrategy(`${path} is no plain file.`);
  return stats;
}

function noStrategy(message: string): RatchetError {
  return new RatchetError('sandbox/no-strategy', message, 'Give a source file, or a folder with a manifest.yaml.');
}

function manifestError(message: string, hint: string): RatchetError {
  return new RatchetError('sandbox/manifest', message, hint);
}

function link(path: string): RatchetError {
  return new RatchetError(
    'sandbox/link',
    // The name of a file may hold anything.
    `${printable(path)} is a symbolic link.`,
    'Put the file itself there: a link points outside what is reviewed.',
  );
}
