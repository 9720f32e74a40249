import type { GateResult } from '#bot/evidence/gate-result.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { RatchetError } from '#engine/errors.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { type GateContext, strategyFiles } from './context.ts';
import { type Annotation, annotateFile, failure, success } from './outcome.ts';
import { inspectAnalysis } from './sandbox/inspect-analysis.ts';

/**
 * Every strategy on the head must pass the static wall and load in the sandbox with the parameters of its manifest.
 * All of them, not only the changed ones: the engine loads what is on main as a whole. Analysis modules are run when one of them changes.
 */
export async function sandboxGate(context: GateContext): Promise<GateResult> {
  const ids = await strategyIds(context);
  if (ids.length === 0)
    return failure('sandbox', 'There is no strategy to look at.', 'The head has no folder under `strategies/`.');
  const annotations: Annotation[] = [];
  for (const id of ids) annotations.push(...(await inspect(context, id)));
  const analysis = await inspectAnalysis(context);
  annotations.push(...(analysis?.annotations ?? []));
  const first = annotations[0];
  if (first !== undefined) {
    const lines = annotations.map((item) => `- \`${item.path}:${item.startLine}\` ${item.message}`);
    return failure('sandbox', `${first.path}: ${first.message}`, lines.join('\n'), annotations);
  }
  const names = ids.map((id) => `\`${id}\``).join(', ');
  const loaded = `${ids.length} of ${ids.length} strategies load inside the sandbox`;
  if (analysis === null) return success('sandbox', loaded, `Checked and loaded: ${names}.`);
  const told = analysis.answered.join(' and ') || 'no module is left';
  return success(
    'sandbox',
    `${loaded}; analysis: ${told}`,
    `Checked and loaded: ${names}. Answered twice alike over the gate's record, and over an empty one: ${told}.`,
  );
}

async function strategyIds(context: GateContext): Promise<readonly string[]> {
  const files = await context.repository.listFiles(context.head, 'strategies');
  const ids = files.map((file) => file.path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1]);
  return ids.filter((id) => id !== undefined);
}

async function inspect(context: GateContext, id: string): Promise<readonly Annotation[]> {
  const at = (path: string): string => `strategies/${id}/${path}`;
  try {
    const files = await strategyFiles(context.repository, context.head, id);
    const manifest = parseManifest(id, files.get('manifest.yaml'));
    const verdict = await buildArtifact(files, manifest.entry);
    if (!verdict.ok)
      return verdict.findings.map((item) => annotateFile(at(item.file), `${item.message} (${item.rule})`, item.line));
    const backtester = await openBacktester(verdict.artifact);
    try {
      backtester.checkParameters(manifest.parameters);
    } finally {
      await backtester.close();
    }
    return [];
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return [annotateFile(at('manifest.yaml'), `${error.message} ${error.remedy}`)];
  }
}
