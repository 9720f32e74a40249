import { modulePath } from '#bot/evidence/analysis-module.ts';
import type { AnalysisDecision } from '#bot/proposers/decision.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { Mind } from '#bot/proposers/thinkers.ts';
import { explain } from '#engine/errors.ts';
import { askModule, materialOf, moduleAt } from './analysis.ts';
import type { Night, NightOptions } from './night-options.ts';
import type { StageResult } from './night-work.ts';
import type { Study } from './studied.ts';

/** Has an analysis module written anew, and asks it in the sandbox as the night would; what it cannot answer is not proposed. */
export async function writeModule(
  options: NightOptions,
  night: Night,
  { decision, mind, facts }: { decision: AnalysisDecision; mind: Mind; facts: readonly Fact[] },
): Promise<StageResult<Study>> {
  const task = { ...options, commit: night.base, asOf: night.asOf };
  const { module } = decision;
  const current = await moduleAt(task, module);
  const material = await materialOf(task);
  const check = async (text: string): Promise<string | null> => {
    try {
      await askModule(module, text, material);
      return null;
    } catch (error) {
      return explain(error);
    }
  };
  const made = await mind.author.writeModule(decision, facts, current, check);
  if (made.kind === 'nothing') return { record: made };
  if (made.kind !== 'module') throw new Error('An author was asked for a module and gave a version.');
  return {
    record: { kind: 'module', decision, text: made.text, changes: [...made.changes] },
    files: new Map([[modulePath(module), made.text]]),
  };
}
