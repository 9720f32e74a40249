import { ANALYSIS_MODULES, type AnalysisName, buildModule, modulePath } from '#bot/evidence/analysis-module.ts';
import { EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { readText } from '#bot/gates/context.ts';
import { analyse } from '#engine/analysis/analyse.ts';
import type { Material } from '#engine/analysis/query/material.ts';
import { shownCandles } from '#engine/analysis/shown-candles.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { Json } from '#engine/contract/analysis.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';

/** What both modules told, or why there is nothing to go by. */
export type Analysis = Readonly<Record<AnalysisName, Json>> | { readonly problem: string };

export interface AnalysisTask {
  readonly repository: Repository;
  /** Its modules are asked, and its yardstick says which candles nobody may see. */
  readonly commit: CommitHash;
  readonly candles: CandleStore;
  /** Folder of the engine's store; null where no engine has run. */
  readonly record: string | null;
  /** Market time, UTC milliseconds. */
  readonly asOf: number;
}

/** Asks both modules. Whatever goes wrong is the answer: a night goes on without them, and says so. */
export async function analysisOf(task: AnalysisTask): Promise<Analysis> {
  try {
    const material = await materialOf(task);
    const told: Partial<Record<AnalysisName, Json>> = {};
    for (const name of ANALYSIS_MODULES) told[name] = await askModule(name, await moduleAt(task, name), material);
    return told as Record<AnalysisName, Json>;
  } catch (error) {
    return { problem: explain(error) };
  }
}

/** @throws RatchetError `evidence/evaluation`, `candles/…` */
export async function materialOf({ repository, commit, candles, record, asOf }: AnalysisTask): Promise<Material> {
  const { dataset, spans }: Evaluation = parseEvaluation(await readText(repository, commit, EVALUATION_PATH));
  return { store: record, asOf, candles: shownCandles(candles, dataset, spans, asOf) };
}

/** A module's source. @throws RatchetError `analysis/missing` */
export async function moduleAt(
  { repository, commit }: Pick<AnalysisTask, 'repository' | 'commit'>,
  name: AnalysisName,
): Promise<string> {
  const source = await readText(repository, commit, modulePath(name));
  if (source !== null) return source;
  throw new RatchetError(
    'analysis/missing',
    `${commit.slice(0, 12)} has no ${modulePath(name)}.`,
    'Bring it to main with a pull request; without it nights decide by fixed arithmetic alone.',
    { name },
  );
}

/** What one module says. @throws RatchetError as building and running it do, with its name in the message */
export async function askModule(name: AnalysisName, source: string, material: Material): Promise<Json> {
  try {
    return await analyse(await buildModule(modulePath(name), source), material);
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    const { code, message, remedy, details } = error;
    throw new RatchetError(code, `${modulePath(name)}: ${message}`, remedy, details, error);
  }
}
