import { buildPack } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
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
import type { CandleColumns } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { VaultQuestion } from './ask-vault.ts';
import { changedStrategies, type GateContext, readText, type StrategyChange, strategyFiles } from './context.ts';
import { deployedBeside } from './deployed-beside.ts';
import { missingCandles } from './missing-candles.ts';
import { provenAtAnotherStage } from './only-stage.ts';
import { beforeVault, openVault } from './open-vault.ts';
import { annotateFile, failure, GATE_NAMES, success } from './outcome.ts';
import { policyGate } from './policy-gate.ts';
import { provenBefore } from './proven-before.ts';
import { staleness, tradingTrees } from './staleness.ts';

/** What re-execution found out: `ended` is the gate's last word, `made-again` leaves the vault to be asked. */
export type Reexecution =
  | { readonly state: 'ended'; readonly result: GateResult }
  | { readonly state: 'made-again'; readonly questions: readonly VaultQuestion[] };

/**
 * The gate by itself: evidence made again, and then the vault. What the other gates say is not known here; but where policy denies even
 * if all of them pass, the change cannot be merged, and the vault stays shut.
 */
export async function backtestGate(context: GateContext): Promise<GateResult> {
  const found = await reexecuteEvidence(context);
  if (found.state === 'ended') return found.result;
  const others = GATE_NAMES.filter((name) => name !== 'policy' && name !== 'backtest');
  const assumed = others.map((name) => success(name, 'Not asked here', 'It is taken to pass.'));
  const policy = await policyGate(context, [...assumed, beforeVault(found.questions)]);
  return openVault(context, found.questions, [policy]);
}

/** Makes the evidence of every changed strategy again, from the base's yardstick and the candles' digests, and demands the same bytes. */
export async function reexecuteEvidence(context: GateContext): Promise<Reexecution> {
  const changed = await changedStrategies(context);
  const questions: VaultQuestion[] = [];
  const returned: string[] = [];
  const moved: string[] = [];
  for (const change of changed) {
    if (change.headTree === null) continue;
    const before = await provenBefore(context, change);
    if (before !== null) {
      returned.push(`${change.id}, signed ${before.predicate.timeVerified}`);
      continue;
    }
    const elsewhere = await provenAtAnotherStage(context, change);
    if (elsewhere !== null) {
      moved.push(`${change.id}, signed ${elsewhere.predicate.timeVerified}`);
      continue;
    }
    const outcome = await reexecute(context, change);
    if (typeof outcome === 'string') return ended(refuted(change.id, outcome));
    questions.push(outcome);
  }
  if (questions.length > 0) return { state: 'made-again', questions };
  if (moved.length > 0)
    return ended(
      success(
        'backtest',
        `The same version at another stage: ${[...moved, ...returned].join('; ')}`,
        'Not a byte of it is another but the stage, so the evidence that was made again when it came stands. What it has shown since is judged by the policy gate.',
      ),
    );
  return ended(
    returned.length > 0
      ? success(
          'backtest',
          `Back to a version that ran before: ${returned.join('; ')}`,
          'The tree is the very one that was proven then, so its evidence stands.',
        )
      : success('backtest', 'No strategy changed, so there is nothing to re-execute', 'Head and base hold the same strategies.'),
  );
}

function ended(result: GateResult): Reexecution {
  return { state: 'ended', result };
}

function refuted(id: string, why: string): GateResult {
  const path = `strategies/${id}/${PACK_PATH}`;
  return failure(
    'backtest',
    `${path}: ${why}`,
    `${why}\n\nRun \`ratchet gate backtest\` to see it again; only evidence that re-execution makes again passes.`,
    [annotateFile(path, why)],
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
  if (parsed.strategy !== change.id) return `it speaks of ${parsed.strategy}.`;
  const { against } = parsed;
  if (baseTree !== null && against !== change.id)
    return `it is measured against ${against}, but the base has a version of ${change.id} itself.`;
  const incumbentTree = await context.repository.treeOf(context.base, `strategies/${against}`);
  if (incumbentTree === null) return `it is measured against ${against}, which is not on this base.`;
  const evaluation = parseEvaluation(await readText(context.repository, context.base, EVALUATION_PATH));
  const beside = Object.keys(await tradingTrees(context.repository, context.base, [against]));
  const freshness = staleness(parsed, { semantics: SEMANTICS_VERSION, evaluation, incumbentTree, beside });
  if (freshness.state === 'stale') return freshness.reason;
  const candidate = await readVersion(change.id, await strategyFiles(context.repository, context.head, change.id));
  const ledger = await readLedgerFrom(context.state);
  const unsupported = unsupportedBy(ledger, parsed, configurationOf(candidate.files));
  if (unsupported !== null) return unsupported;
  const incumbent = await readVersion(against, await strategyFiles(context.repository, context.base, against));
  const columns = candlesOf(context, evaluation);
  // What evidence is made from ends with the selection data, here as in the night that made it.
  const seen = columnsUntil(columns, evaluation.spans.selection.to);
  const rebuilt = await buildPack(
    {
      cycle: parsed.cycle,
      strategy: change.id,
      against,
      claim: parsed.proposal,
      search: parsed.search,
      trialReturns: trialReturns(ledger, parsed.cycle),
      parentTree: incumbentTree,
      candidate,
      incumbent,
      beside: await deployedBeside(context.repository, context.base, against),
      evaluation,
      columns: seen,
    },
    (version) => openWithCandles(version, evaluation.dataset, seen),
  );
  if (canonicalJson(rebuilt) === committed) {
    const edited = await firstEdited(context, change, rebuilt);
    if (edited !== null) return edited;
    return { change: { ...change, headTree }, candidate, incumbent, parentTree: incumbentTree, evaluation, columns };
  }
  const difference = firstDifference(parsed, rebuilt, '$') ?? 'the text is not canonical JSON';
  return `re-execution gives other bytes: ${difference}; take the evidence as the night committed it.`;
}

/** The candles that the base's yardstick names, each series checked against its digest. */
function candlesOf(context: GateContext, evaluation: Evaluation): ReadonlyMap<string, CandleColumns> {
  if (context.candles === null) throw missingCandles(context, evaluation, null);
  try {
    return loadDataset(context.candles, evaluation.dataset);
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    const { code, message, remedy, details } = error;
    if (code === 'candles/unknown-series') throw missingCandles(context, evaluation, error);
    throw new RatchetError(code, `${EVALUATION_PATH} names candles that are not there: ${message}`, remedy, details, error);
  }
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
  const own = { entries: ledger.entries.filter(({ cycle }) => cycle === pack.cycle) };
  // The yes was about a lead over one incumbent: it says nothing about another one, nor about another strategy's.
  const began = recordsOf(own, 'night-began')[0]?.entry;
  if (began?.strategy !== pack.against || began.parentTree !== pack.parentTree)
    return `cycle ${pack.cycle} searched for something better than another version of a strategy, and only about that were its questions.`;
  const miscounted = firstDifference(pack.search, searched, '$.search');
  if (miscounted !== null) return `the ledger disagrees: ${miscounted}.`;
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
