import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { Manifest } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';

const FILE_BYTES_MAX = 1024 * 1024;

export interface StrategyFiles {
  /** By name within the folder; text only. */
  readonly files: ReadonlyMap<string, string>;
  readonly entry: string;
}

/**
 * What is on disk of a strategy: one source file, or a folder whose manifest.yaml names the entry. Links are refused, since they
 * point outside what is reviewed. Throws RatchetError `sandbox/no-strategy`, `sandbox/link`, `sandbox/manifest`, `sandbox/too-large`.
 */
export async function readStrategyFiles(path: string): Promise<StrategyFiles> {
  const target = resolve(path);
  if (!(await kindOf(target)).isDirectory()) {
    const entry = basename(target);
    return { files: new Map([[entry, await readPlain(dirname(target), entry)]]), entry };
  }
  const files = new Map<string, string>();
  for (const item of await readdir(target, { withFileTypes: true })) {
    if (item.isSymbolicLink()) throw link(join(path, item.name));
    if (item.isFile() && /\.(ts|ya?ml)$/.test(item.name)) files.set(item.name, await readPlain(target, item.name));
  }
  return { files, entry: entryOf(path, files.get('manifest.yaml')) };
}

async function readPlain(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const { size } = await kindOf(path);
  if (size > FILE_BYTES_MAX) {
    throw new RatchetError('sandbox/too-large', `${path} has ${size} bytes.`, 'A strategy is a small text file.');
  }
  return readFile(path, 'utf8');
}

async function kindOf(path: string): Promise<{ isDirectory(): boolean; size: number }> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) {
    throw new RatchetError(
      'sandbox/no-strategy',
      `${path} does not exist.`,
      'Give a source file, or a folder with a manifest.yaml.',
    );
  }
  if (stats.isSymbolicLink()) throw link(path);
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new RatchetError(
      'sandbox/no-strategy',
      `${path} is no plain file.`,
      'Give a source file, or a folder with a manifest.yaml.',
    );
  }
  return stats;
}

function entryOf(path: string, manifest: string | undefined): string {
  if (manifest === undefined) {
    throw new RatchetError(
      'sandbox/manifest',
      `${path} has no manifest.yaml.`,
      'Give the source file itself, or add a manifest.',
    );
  }
  try {
    return Manifest.parse(parse(manifest, { maxAliasCount: 0 })).entry;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new RatchetError(
      'sandbox/manifest',
      `${join(path, 'manifest.yaml')} is not valid: ${why}`,
      'Correct the manifest.',
      {},
      cause,
    );
  }
}

function link(path: string): RatchetError {
  return new RatchetError(
    'sandbox/link',
    `${path} is a symbolic link.`,
    'Put the file itself there: a link points outside what is reviewed.',
  );
}
