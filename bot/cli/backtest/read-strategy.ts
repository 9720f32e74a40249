import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { builtArtifact } from '#engine/backtest/verify/subject.ts';
import { type Manifest, parseManifest } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';

export interface StrategyOnDisk {
  readonly source: string;
  readonly entry: string;
  readonly artifact: StrategyArtifact;
  /** Those the manifest names; none for a single file. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** The checked artifact of an id, a folder or a file, and the parameters its manifest names. */
export async function readStrategy(strategy: string): Promise<StrategyOnDisk> {
  const path = existsSync(strategy) ? strategy : join('strategies', strategy);
  if (!existsSync(path)) {
    throw new RatchetError(
      'backtest/no-strategy',
      `There is no strategy ${strategy}.`,
      'Give an id under strategies/, a folder or a file.',
      { strategy },
    );
  }
  if (!statSync(path).isDirectory()) return built(path, basename(path), {});
  const { entry, parameters } = readManifest(path);
  const file = join(path, entry);
  if (existsSync(file)) return built(file, entry, parameters);
  throw new RatchetError('backtest/no-entry', `${path} has no ${entry}.`, 'Name an existing file as entry in the manifest.');
}

async function built(path: string, entry: string, parameters: Readonly<Record<string, number>>): Promise<StrategyOnDisk> {
  const source = readFileSync(path, 'utf8');
  return { source, entry, artifact: await builtArtifact(source, entry), parameters };
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'manifest.yaml');
  if (!existsSync(path)) {
    throw new RatchetError(
      'backtest/no-manifest',
      `${folder} has no manifest.yaml.`,
      'Name the source file itself, or add one.',
      { folder },
    );
  }
  const parsed = parseManifest(readFileSync(path, 'utf8'));
  if ('manifest' in parsed) return parsed.manifest;
  throw new RatchetError('backtest/manifest', `${path}: ${parsed.problem}.`, 'Mend the manifest.', { path });
}
