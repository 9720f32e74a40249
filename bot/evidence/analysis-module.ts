import { RatchetError } from '#engine/errors.ts';
import { buildArtifact, type Finding, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import { ANALYSIS_FOLDER } from './strategy-folder.ts';

/** What the night asks, by name of the module. */
export const ANALYSIS_MODULES = ['market', 'trades'] as const;
export type AnalysisName = (typeof ANALYSIS_MODULES)[number];

/** Where a module stands in the repository. */
export function modulePath(name: AnalysisName): string {
  return `${ANALYSIS_FOLDER}/${name}.ts`;
}

/**
 * Judges a module by the static wall, which is that of strategies, and makes what will run of it.
 * @param path for the error, and in the findings
 * @throws RatchetError `analysis/refused`, with all findings
 */
export async function buildModule(path: string, source: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(new Map([[path, source]]), path);
  if (verdict.ok) return verdict.artifact;
  const [first] = verdict.findings;
  throw new RatchetError(
    'analysis/refused',
    `${path}:${first?.line}: ${first?.message} (${first?.rule}).`,
    'Mend what the static wall found; nothing of the module was run.',
    { findings: verdict.findings satisfies readonly Finding[] },
  );
}
