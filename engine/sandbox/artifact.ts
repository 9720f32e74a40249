import { type Digest, digestOf } from '#engine/attestation/canonical.ts';
import { checkInProcess } from './checker-process.ts';
import type { Finding } from './finding.ts';
import { textFindings } from './static/text-rules.ts';

export type { Finding };

/** Exactly what runs: judged JavaScript for RealmHost.evaluate. */
export interface StrategyArtifact {
  /** Of `code`. */
  readonly digest: Digest;
  readonly code: string;
  /** Of the entry's text as it was written. */
  readonly sourceDigest: Digest;
}

export type Verdict =
  | { readonly ok: true; readonly artifact: StrategyArtifact }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * The static wall: judges a strategy's entry module and makes what will run of it. The source is parsed in another process.
 * Files beside the entry are not code and are not read: a strategy is one module.
 */
export async function buildArtifact(files: ReadonlyMap<string, string>, entry: string): Promise<Verdict> {
  const source = files.get(entry);
  if (source === undefined) {
    const message = `The entry '${entry}' does not exist. Name a file of the strategy's folder.`;
    return { ok: false, findings: [{ rule: 'sandbox/entry', message, file: entry, line: 1, column: 1 }] };
  }
  const findings = textFindings(entry, source);
  if (findings.length > 0) return { ok: false, findings };
  const checked = await checkInProcess(entry, source);
  if ('findings' in checked) return { ok: false, findings: checked.findings };
  return { ok: true, artifact: { digest: digestOf(checked.code), code: checked.code, sourceDigest: digestOf(source) } };
}
