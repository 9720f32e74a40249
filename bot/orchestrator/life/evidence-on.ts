import { buildPack } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { readLedgerFrom, trialReturns } from '#bot/evidence/ledger.ts';
import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { deployedBeside } from '#bot/gates/deployed-beside.ts';
import { proofInputs, staleness, tradingTrees } from '#bot/gates/staleness.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { LifeOptions } from './life-options.ts';

/** A proposal's strategy, and the commits its evidence stands between. */
interface Place {
  readonly strategy: string;
  /** Where the branch left main. */
  readonly fork: CommitHash;
  readonly head: CommitHash;
  /** Main now. */
  readonly base: CommitHash;
}

type EvidenceOptions = Pick<LifeOptions, 'repository' | 'state' | 'program'>;

/** The strategy whose proposals live on the branch; null for a branch that is no proposal of a night. */
export function strategyOf(branch: string): string | null {
  return /^evolve\/([a-z][a-z0-9-]{1,40})\//.exec(branch)?.[1] ?? null;
}

/** Why evidence that was made for one main does not hold for another; null when it does. A whole sentence. */
export async function whyStale(
  { strategy, fork, head, base }: Place,
  { repository }: Pick<EvidenceOptions, 'repository'>,
): Promise<string | null> {
  const pack = await packAt(strategy, head, { repository });
  const evaluationText = await readText(repository, base, EVALUATION_PATH);
  const evaluation = parseEvaluation(evaluationText);
  const beside = await tradingTrees(repository, base, [pack.against]);
  const incumbentTree = await repository.treeOf(base, `strategies/${pack.against}`);
  const freshness = staleness(pack, { semantics: SEMANTICS_VERSION, evaluation, incumbentTree, beside: Object.keys(beside) });
  if (freshness.state === 'stale') return freshness.reason;
  // How much was computed and the text of those beside it stand in no pack, only in the bytes that are made from them.
  if ((await readText(repository, fork, EVALUATION_PATH)) !== evaluationText)
    return `stale: ${EVALUATION_PATH} has changed on the base; it must be made again.`;
  const before = (await proofInputs(repository, fork, head)).beside;
  return digestOfJson(before) === digestOfJson(beside)
    ? null
    : 'stale: a strategy beside it has another version on the base; it must be made again.';
}

/** Whether a proposal's evidence was made for another main than the present one; never for what is no proposal of a night. */
export async function isStale(pull: PullRequest, base: CommitHash, repository: Repository): Promise<boolean> {
  const strategy = strategyOf(pull.headRef);
  const head = await repository.resolve(pull.headSha);
  const fork = head === null ? null : await repository.mergeBase(base, head);
  if (strategy === null || head === null || fork === null) return false;
  try {
    return (await whyStale({ strategy, fork, head, base }, { repository })) !== null;
  } catch (error) {
    // Evidence that cannot be read is not old: the gates say what is wrong with it.
    if (error instanceof RatchetError) return false;
    throw error;
  }
}

/**
 * The evidence of a proposal as it must read on the present main: the pack it has, or one made again from the same files, the same
 * night's search and main's yardstick, incumbent and neighbours, as the gate will make it.
 * @throws RatchetError `life/conflict` when main no longer has the version that the night searched to better, or the proposal has no evidence
 */
export async function evidenceOn(place: Place, options: EvidenceOptions): Promise<{ pack: Pack; sentence: string }> {
  const { strategy, head, base } = place;
  const { repository } = options;
  const pack = await packAt(strategy, head, options);
  const { against } = pack;
  const parentTree = await repository.treeOf(base, `strategies/${against}`);
  if (parentTree === null)
    throw new RatchetError('life/conflict', `main no longer has strategies/${against}.`, 'Close the proposal.', { strategy });
  // The selection data said yes to a lead over one incumbent, which says nothing about another.
  if (pack.parentTree !== parentTree) {
    throw new RatchetError(
      'life/conflict',
      `main has another version of ${against} than the one that cycle ${pack.cycle} searched to better, and only about that were its questions.`,
      'Close the proposal, and let a night look again.',
      { strategy },
    );
  }
  const why = await whyStale(place, options);
  if (why === null) return { pack, sentence: 'Its evidence holds on the present main, and is as it was.' };
  await options.state.refresh();
  const ledger = await readLedgerFrom(options.state);
  const evaluation = parseEvaluation(await readText(repository, base, EVALUATION_PATH));
  const candles = CandleStore.openExisting(options.program.candlesDir);
  try {
    const columns = columnsUntil(loadDataset(candles, evaluation.dataset), evaluation.spans.selection.to);
    const inputs = {
      cycle: pack.cycle,
      strategy,
      against: pack.against,
      claim: pack.proposal,
      search: pack.search,
      trialReturns: trialReturns(ledger, pack.cycle),
      parentTree,
      candidate: await readVersion(strategy, await strategyFiles(repository, head, strategy)),
      incumbent: await readVersion(against, await strategyFiles(repository, base, against)),
      beside: await deployedBeside(repository, base, against),
      evaluation,
      columns,
    };
    const made = await buildPack(inputs, (version) => openWithCandles(version, evaluation.dataset, columns));
    return { pack: made, sentence: `Its evidence was made again, for it was ${why}` };
  } finally {
    candles.close();
  }
}

async function packAt(strategy: string, head: CommitHash, { repository }: Pick<EvidenceOptions, 'repository'>): Promise<Pack> {
  const path = `strategies/${strategy}/${PACK_PATH}`;
  const text = await readText(repository, head, path);
  const pack = text === null ? null : Pack.safeParse(safeJson(text));
  if (pack?.success === true) return pack.data;
  throw new RatchetError('life/conflict', `There is no evidence that can be read at ${path}.`, 'Close the proposal.', { path });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
