import { createHash } from 'node:crypto';
import type { Reviewed } from '#bot/proposers/author.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { parseManifest } from '#engine/contract/manifest.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { FAULT_NAMES, type FaultName } from './known-bad/known-bad.ts';
import { KNOWN_BAD } from './known-bad/library.ts';

/** A change that is known to be bad, and where. */
export interface Planted {
  readonly fault: FaultName;
  readonly files: StrategyFiles;
  readonly file: string;
  /** First and last line in which it differs from what it was planted in, from 1; where lines went, the ones that stand there now. */
  readonly lines: { readonly from: number; readonly to: number };
}

/**
 * A fault in the change of this night, so that only the fault tells it from that change: the same author's hand, the same parent, the same
 * numbers beside it. Which one is drawn from the cycle; one that this source has no place for, or that does not build, makes way for the
 * next. Null where none fits.
 */
export async function plantFault(
  { candidate, strategy }: Pick<Reviewed, 'candidate' | 'strategy'>,
  cycle: string,
): Promise<Planted | null> {
  const manifest = parseManifest(candidate.get('manifest.yaml') ?? '');
  if ('problem' in manifest) return null;
  const { entry } = manifest.manifest;
  const source = candidate.get(entry);
  if (source === undefined) return null;
  for (const fault of drawn(`${cycle} ${strategy}`)) {
    const bad = KNOWN_BAD[fault].plant(source);
    if (bad === null) continue;
    const files = new Map([...candidate, [entry, bad]]);
    if ((await buildArtifact(files, entry)).ok) return { fault, files, file: entry, lines: changedLines(source, bad) };
  }
  return null;
}

/** All faults, each night beginning with another. */
function drawn(seed: string): readonly FaultName[] {
  const first = createHash('sha256').update(seed).digest().readUInt32BE(0) % FAULT_NAMES.length;
  return [...FAULT_NAMES.slice(first), ...FAULT_NAMES.slice(0, first)];
}

export function changedLines(before: string, after: string): Planted['lines'] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  return { from: head + 1, to: Math.max(head + 1, now.length - tail) };
}
