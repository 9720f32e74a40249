import { buildPack } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import {
  configurationOf,
  type LedgerReading,
  readLedgerFrom,
  recordsOf,
  requireIdeas,
  searchOf,
  trialReturns,
} from '#bot/evidence/ledger.ts';
import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { canonicalJson, type Digest } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { askVault, type VaultQuestion } from './ask-vault.ts';
import { changedStrategies, type GateContext, readText, type StrategyChange, strategyFiles } from './context.ts';
import { deployedBeside } from './deployed-beside.ts';
import { annotateFile, failure, success } from './outcome.ts';
import { provenBefore } from './proven-before.ts';
import { staleness, tradingTrees } from './staleness.ts';

/**
 * Makes the evidence again, from the base's yardstick and the candles' digests, and demands the same bytes. When nothing is left to
 * object to, the vault is asked: each opening spends, so it is the last thing that is done.
 */
export async function backtestGate(context: GateContext): Promise<GateResult> {
  const changed = await changedStrategies(context);
  const proven: VaultQuestion[] = [];
  const returned: string[] = [];
  for (const change of changed) {
    if (change.headTree === null) continue;
    const before = await provenBefore(context, change);
    if (before !== null) {
      returned.push(`${change.id}, signed ${before.predicate.timeVerified}`);
      continue;
    }
    const outcome = await reexecute(context, change);
    if (typeof outcome === 'string') {
      const path = `strategies/${change.id}/${PACK_PATH}`;
      return failure(
        'backtest',
        `${path}: ${outcome}`,
        `${outcome}\n\nRun \`ratchet gate backtest\` to see it again; only evidence that re-execution makes again passes.`,
        [annotateFile(path, outcome)],
      );
    }
    proven.push(outcome);
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
  for (const question of proven) {
    if ((await askVault(context, question)) === 'fail') return refusedByVault(question.change.id);
  }
  const names = proven.map(({ change }) => change.id).join(', ');
  return success(
    'backtest',
    `The evidence of ${names} was made again, byte for byte, and the vault says pass`,
    'Every backtest in the pack was run again in a fresh sandbox from the digests of the base commit. Candles that nobody has seen make it unlikely that the version is worse than the one it replaces.',
  );
}

/** One word leaves the vault, and no number. */
function refusedByVault(id: string): GateResult {
  const path = `strategies/${id}`;
  const why =
    'the vault says fail: on candles nobody has seen, it cannot be ruled out that it is worse than the version it replaces.';
  return failure(
    'backtest',
    `${path}: ${why}`,
    `${path}: ${why}\n\nThe answer stands in the ledger and is given again however often it is asked; \`ratchet vault status\` shows what is left. Close the proposal.`,
    [annotateFile(`${path}/${PACK_PATH}`, why)],
  );
}

/** What the vault may be asked when the pack is what re-execution gives, else one sentence that says where they part. */
async function reexecute(context: GateContext, change: StrategyChange): Promise<VaultQuestion | string> {
  const committed = await readText(context.repository, context.head, `strategies/${change.id}/${PACK_PATH}`);
  if (committed === null) return 'there is no evidence; a changed strategy needs it.';
  const parsed = parsePack(committed);
  if (typeof parsed === 'string') return parsed;
  const { baseTree, headTree } = change;
  if (headTree === null) return 'the strategy is gone.';
  if (baseTree === null) return 'the strategy is new on this base; there is no incumbent to compare it with.';
  if (parsed.strategy !== change.id) return `it speaks of ${parsed.strategy}.`;
  const evaluation = parseEvaluation(await readText(context.repository, context.base, EVALUATION_PATH));
  const beside = Object.keys(await tradingTrees(context.repository, context.base, [change.id]));
  const freshness = staleness(parsed, { semantics: SEMANTICS_VERSION, evaluation, incumbentTree: baseTree, beside });
  if (freshness.state === 'stale') return freshness.reason;
  const candidate = await readVersion(change.id, await strategyFiles(context.repository, context.head, change.id));
  const ledger = await readLedgerFrom(context.state);
  const unsupported = unsupportedBy(ledger, parsed, configurationOf(candidate.files));
  if (unsupported !== null) return unsupported;
  const incumbent = await readVersion(change.id, await strategyFiles(context.repository, context.base, change.id));
  const columns = loadDataset(context.candles, evaluation.dataset);
  // What evidence is made from ends with the selection data, here as in the night that made it.
  const seen = columnsUntil(columns, evaluation.spans.selection.to);
  const rebuilt = await buildPack(
    {
      cycle: parsed.cycle,
      strategy: change.id,
      claim: parsed.proposal,
      search: parsed.search,
      trialReturns: trialReturns(ledger, parsed.cycle),
      parentTree: baseTree,
      candidate,
      incumbent,
      beside: await deployedBeside(context.repository, context.base, change.id),
      evaluation,
      columns: seen,
    },
    (version) => openWithCandles(version, evaluation.dataset, seen),
  );
  if (canonicalJson(rebuilt) === committed) {
    const edited = await firstEdited(context, change, rebuilt);
    if (edited !== null) return edited;
    return { change: { ...change, baseTree, headTree }, candidate, incumbent, evaluation, columns };
  }
  return `re-execution gives other bytes: ${firstDifference(parsed, rebuilt, '$') ?? 'the text is not canonical JSON'}.`;
}

/** The first file beside the pack, a chart or the report, that is not what the pack gives; null when all are. */
async function firstEdited({ repository, head }: GateContext, { id }: StrategyChange, pack: Pack): Promise<string | null> {
  for (const [path, text] of await evidenceFiles(pack)) {
    const stands = `strategies/${id}/${path}`;
    if ((await readText(repository, head, stands)) !== text)
      return `${stands} is not what the pack gives; take the evidence as the night committed it.`;
  }
  return null;
}

/** Why the ledger does not bear the pack out; null when it does: the candidate was counted, and the selection data were asked. */
function unsupportedBy(ledger: LedgerReading, pack: Pack, configuration: Digest): string | null {
  requireIdeas(ledger, pack.cycle);
  const searched = searchOf(ledger, pack.cycle);
  if (searched === null) return `the ledger knows no trials of cycle ${pack.cycle}.`;
  const miscounted = firstDifference(pack.search, searched, '$.search');
  if (miscounted !== null) return `the ledger disagrees: ${miscounted}.`;
  const own = { entries: ledger.entries.filter(({ cycle }) => cycle === pack.cycle) };
  const isPlanned = recordsOf(own, 'trials-planned').some(({ entry }) =>
    entry.trials.some((trial) => trial.configuration === configuration),
  );
  if (!isPlanned) return `the ledger knows no trial of these files in cycle ${pack.cycle}.`;
  const asked = recordsOf(own, 'selection-asked').find(({ entry }) => entry.candidate === configuration)?.entry.question;
  const isAbove = recordsOf(own, 'selection-answered').some(({ entry }) => entry.question === asked && entry.answer === 'above');
  return isAbove
    ? null
    : `in cycle ${pack.cycle} the selection data never said yes to these files, so their numbers were not paid for.`;
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
