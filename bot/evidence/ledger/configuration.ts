import { type Digest, digestOfJson } from '#engine/attestation/canonical.ts';
import { fileDigests } from '../strategy-version.ts';

/**
 * Digest of a configuration: a strategy's files, evidence left out. Plan, question to the selection data and evidence name the same
 * thing by it.
 */
export function configurationOf(files: ReadonlyMap<string, string>): Digest {
  return digestOfJson(fileDigests(files));
}
