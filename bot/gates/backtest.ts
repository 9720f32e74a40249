import { buildPack } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { readLedgerFrom, searchOf } from '#bot/evidence/ledger.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { changedStrategies, type GateContext, readText, type StrategyChange, strategyFiles } from './context.ts';
import { annotateFile, failure, success } from './outcome.ts';
import { provenBefore } from './proven-before.ts';

/** Makes the evidence again, from the base's yardstick and the candles' digests, and demands the same bytes. */
export async function backtestGate(context: GateContext): Promise<GateResult> {
  const changed = await changedStrategies(context);
  const proven: string[] = [];
  const returned: string[] = [];
  for (const change of changed) {
    if (change.headTree === null) continue;
    const before = await provenBefore(context, change);
    if (before !== null) {
      returned.push(`${change.id}, signed ${before.predicate.timeVerified}`);
      continue;
    }
    const complaint = await reexecute(context, change);
    if (complaint !== null) {
      const path = `strategies/${change.id}/${PACK_PATH}`;
      return failure(
        'backtest',
        `${path}: ${complaint}`,
        `${complaint}\n\nRun \`ratchet gate backtest\` to see it again; only evidence that re-execution makes again passes.`,
        [annotateFile(path, complaint)],
      );
    }
    proven.push(change.id);
  }
  if (returned.length > 0 && proven.length === 0)
    return success(
      'backtest',
      `Back to a version that ran before: ${returned.join('; ')}`,
      'The tree is the very one that was proven then, so its evidence stands.',
    );
  if (proven.length === 0)
    return success(
      'backtest',
      'No strategy changed, so there is nothing to re-execute',
      'Head and base hold the same strategies.',
    );
  return success(
    'backtest',
    `The evidence of ${proven.join(', ')} was made again, byte for byte`,
    'Every backtest in the pack was run again in a fresh sandbox from the digests of the base commit.',
  );
}

/** Null when the pack is what re-execution gives, else one sentence that says where they part. */
async function reexecute(context: GateContext, change: StrategyChange): Promise<string | null> {
  const committed = await readText(context.repository, context.head, `strategies/${change.id}/${PACK_PATH}`);
  if (committed === null) return 'there is no evidence; a changed strategy needs it.';
  const parsed = parsePack(committed);
  if (typeof parsed === 'string') return parsed;
  if (change.baseTree === null) return 'the strategy is new on this base; there is no incumbent to compare it with.';
  if (parsed.semantics !== SEMANTICS_VERSION)
    return `it was made under semantics ${parsed.semantics}; this engine has ${SEMANTICS_VERSION}, so it must be made again.`;
  if (parsed.strategy !== change.id) return `it speaks of ${parsed.strategy}.`;
  if (parsed.parentTree !== change.baseTree) return 'stale: it was made against another incumbent than the one on the base.';
  const searched = searchOf(await readLedgerFrom(context.state), parsed.cycle);
  if (searched === null) return `the ledger knows no trials of cycle ${parsed.cycle}.`;
  const miscounted = firstDifference(parsed.search, searched, '$.search');
  if (miscounted !== null) return `the ledger disagrees: ${miscounted}.`;
  const evaluation = parseEvaluation(await readText(context.repository, context.base, EVALUATION_PATH));
  const columns = loadDataset(context.candles, evaluation.dataset);
  const rebuilt = await buildPack(
    {
      cycle: parsed.cycle,
      strategy: change.id,
      claim: parsed.proposal,
      search: parsed.search,
      parentTree: change.baseTree,
      candidate: await readVersion(change.id, await strategyFiles(context.repository, context.head, change.id)),
      incumbent: await readVersion(change.id, await strategyFiles(context.repository, context.base, change.id)),
      evaluation,
      columns,
    },
    async (version) => {
      const tester = await openBacktester(version.artifact);
      await tester.useDataset(evaluation.dataset, columns);
      return tester;
    },
  );
  if (canonicalJson(rebuilt) === committed) return null;
  return `re-execution gives other bytes: ${firstDifference(parsed, rebuilt, '$') ?? 'the text is not canonical JSON'}.`;
}

function parsePack(text: string): Pack | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON.';
  }
  const result = Pack.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return `it does not have the form of evidence: ${issue?.path.join('.')}: ${issue?.message}.`;
}

/** Names the first place where two JSON values differ. */
function firstDifference(left: unknown, right: unknown, path: string): string | null {
  if (Object.is(left, right)) return null;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return `${path} says ${JSON.stringify(left)}, it is ${JSON.stringify(right)}`;
  }
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) {
    const found = firstDifference(
      (left as Record<string, unknown>)[key],
      (right as Record<string, unknown>)[key],
      `${path}.${key}`,
    );
    if (found !== null) return found;
  }
  return null;
}
