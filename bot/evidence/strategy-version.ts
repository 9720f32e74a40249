import { type Digest, digestOf } from '#engine/attestation/canonical.ts';
import { type Manifest, parseManifest as parseText } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';

/** One version of a strategy: its text, checked and built. */
export interface StrategyVersion {
  readonly manifest: Manifest;
  /** By path inside the folder; the evidence folder is not among them. */
  readonly files: ReadonlyMap<string, string>;
  readonly artifact: StrategyArtifact;
}

/**
 * Reads, checks and builds a strategy's folder.
 * @param id the folder's name, which the manifest must repeat
 * @throws RatchetError `strategy/manifest` or `strategy/refused`
 */
export async function readVersion(id: string, files: ReadonlyMap<string, string>): Promise<StrategyVersion> {
  const manifest = parseManifest(id, files.get('manifest.yaml'));
  const verdict = await buildArtifact(files, manifest.entry);
  if (verdict.ok) return { manifest, files, artifact: verdict.artifact };
  const first = verdict.findings[0];
  throw new RatchetError(
    'strategy/refused',
    `strategies/${id}/${first?.file}:${first?.line}: ${first?.message} (${first?.rule}).`,
    `Mend the ${verdict.findings.length} finding(s) shown by ratchet sandbox check.`,
    { id, findings: verdict.findings },
  );
}

/** @throws RatchetError `strategy/manifest` */
export function parseManifest(id: string, text: string | undefined): Manifest {
  const where = `strategies/${id}/manifest.yaml`;
  if (text === undefined)
    throw new RatchetError('strategy/manifest', `${where} is missing.`, 'Every strategy needs one.', { id });
  const parsed = parseText(text);
  if ('problem' in parsed)
    throw new RatchetError('strategy/manifest', `${where}: ${parsed.problem}.`, 'Mend the manifest.', { id });
  const { manifest } = parsed;
  if (manifest.id === id) return manifest;
  throw new RatchetError('strategy/manifest', `${where} says id ${manifest.id}.`, 'The id must be the folder it stands in.', {
    id,
  });
}

export function fileDigests(files: ReadonlyMap<string, string>): Record<string, Digest> {
  return Object.fromEntries([...files].map(([path, text]) => [path, digestOf(text)]));
}
