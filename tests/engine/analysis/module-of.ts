import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';

/** A module whose `analyze` has this body, past the static wall. */
export async function moduleOf(body: string): Promise<StrategyArtifact> {
  const source = `import { defineAnalysis } from 'ratchet/contract';
export default defineAnalysis({
  description: 'A module of a test.',
  analyze(query, schema) {
    ${body}
  },
});
`;
  return built('market.ts', source);
}

export async function built(file: string, source: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(new Map([[file, source]]), file);
  if (verdict.ok) return verdict.artifact;
  throw new Error(verdict.findings.map((finding) => `${finding.line}: ${finding.message}`).join('\n'));
}
