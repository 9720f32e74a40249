import { ANALYSIS_MODULES, type AnalysisName, buildModule, modulePath } from '#bot/evidence/analysis-module.ts';
import { ANALYSIS_FOLDER, isAnalysis } from '#bot/evidence/strategy-folder.ts';
import { type GateContext, readText } from '#bot/gates/context.ts';
import { type Annotation, annotateFile } from '#bot/gates/outcome.ts';
import { ANALYSIS_LIMITS, type AnalysisLimits, analyse } from '#engine/analysis/analyse.ts';
import type { Material } from '#engine/analysis/query/material.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Finding } from '#engine/sandbox/artifact.ts';
import { NOTHING, withSample } from './sample-material.ts';

export interface AnalysisInspection {
  /** The modules that answered. */
  readonly answered: readonly AnalysisName[];
  readonly annotations: readonly Annotation[];
}

/**
 * What is wrong with the analysis modules of a head that changes them; null where it does not. Each must pass the static wall, and answer
 * over a record that is the same on every machine, twice with the same bytes, and once over one with nothing in it.
 */
export async function inspectAnalysis(
  context: GateContext,
  limits: AnalysisLimits = ANALYSIS_LIMITS,
): Promise<AnalysisInspection | null> {
  const isTouched = context.changes.some(({ path, previousPath }) => isAnalysis(path) || isAnalysis(previousPath ?? path));
  if (!isTouched) return null;
  const paths = (await context.repository.listFiles(context.head, ANALYSIS_FOLDER)).map(({ path }) => path);
  const wanted = ANALYSIS_MODULES.map(modulePath);
  const strangers = paths.filter((path) => !wanted.includes(path));
  const annotations = strangers.map((path) =>
    annotateFile(
      path,
      `${ANALYSIS_FOLDER} holds ${wanted.map((one) => one.slice(ANALYSIS_FOLDER.length + 1)).join(' and ')} and no other file.`,
    ),
  );
  const missing = wanted.filter((path) => !paths.includes(path));
  // Both may go: then a night goes without. One without the other is a slip.
  if (missing.length === 1) annotations.push(annotateFile(missing[0]!, 'The night asks both modules, and this one is missing.'));
  const answered: AnalysisName[] = [];
  for (const name of ANALYSIS_MODULES) {
    if (missing.includes(modulePath(name))) continue;
    const found = await inspect(name, (await readText(context.repository, context.head, modulePath(name))) ?? '', limits);
    if (found.length === 0) answered.push(name);
    annotations.push(...found);
  }
  return { answered, annotations };
}

async function inspect(name: AnalysisName, source: string, limits: AnalysisLimits): Promise<readonly Annotation[]> {
  const path = modulePath(name);
  try {
    const artifact = await buildModule(path, source);
    const answer = async (material: Material) => canonicalJson(await analyse(artifact, material, limits));
    await answer(NOTHING);
    const answers = await withSample(async (material) => [await answer(material), await answer(material)]);
    return answers[0] === answers[1] ? [] : [annotateFile(path, 'Asked twice about the same record, it gives two answers.')];
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return annotationsOf(path, error);
  }
}

function annotationsOf(path: string, error: RatchetError): readonly Annotation[] {
  const { findings, line } = error.details as { readonly findings?: readonly Finding[]; readonly line?: number };
  if (findings !== undefined) return findings.map((one) => annotateFile(path, `${one.message} (${one.rule})`, one.line));
  return [annotateFile(path, `${error.message} ${error.remedy}`, line ?? 1)];
}
