import { z } from 'zod';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import { readLedgerFrom, searchOf, trialReturns } from '#bot/evidence/ledger.ts';
import { Pack } from '#bot/evidence/pack.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import { deployedBeside } from '#bot/gates/deployed-beside.ts';
import { GATES_POLICY_PATH, GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { compile } from '#bot/gates/policy/judge.ts';
import { Review } from '#bot/proposers/author.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { BacktesterPool } from './backtester-pool.ts';
import { percent } from './decide.ts';
import { examine } from './examine.ts';
import { writerFor } from './night-ledger.ts';
import type { Night, NightOptions } from './night-options.ts';
import type { StageResult } from './night-work.ts';
import type { Study } from './studied.ts';

/** How many candidates may ask the selection data in one night; every answer makes the data less blind. */
const EXAMINED_MAX = 2;

type Candidates = Extract<Study, { kind: 'candidates' }>;
type Candidate = Candidates['candidates'][number];

/** What came of one candidate, as it is written down. */
export const Examined = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('passed'), pack: Pack }),
  z.strictObject({ outcome: z.literal('failed'), reasons: z.array(z.string()).min(1) }),
  z.strictObject({ outcome: z.literal('unanswered') }),
]);
export type Examined = z.infer<typeof Examined>;

export type Choice =
  | { readonly kind: 'chosen'; readonly version: StrategyVersion; readonly pack: Pack; readonly review: Review | null }
  | { readonly kind: 'none'; readonly reason: string };

/** Examines the best candidates one by one, has the first that passes read, and gives the first that nobody refuses. */
export async function choose(
  options: NightOptions,
  night: Night,
  { candidates }: Candidates,
  { pool, columns }: { pool: BacktesterPool; columns: ReadonlyMap<string, CandleColumns> },
): Promise<Choice> {
  const { progress, state, repository, strategy } = options;
  const { work, cycle, base } = night;
  const ledger = await readLedgerFrom(state);
  const search = searchOf(ledger, cycle);
  if (search === null) throw new Error(`The ledger has lost the search of ${cycle}.`);
  const rules = compile(parsePolicy(GATES_POLICY_PATH, await readText(repository, base, GATES_POLICY_PATH), GatesPolicy));
  const beside = await deployedBeside(repository, base, strategy);
  let refusal = '';
  for (const [index, candidate] of candidates.slice(0, EXAMINED_MAX).entries()) {
    progress({ kind: 'phase', phase: 'examine', message: candidate.claim.changes.join(', ') });
    const id = candidate.strategy ?? strategy;
    const examined = await work.stage(`examine-${index + 1}`, Examined, async (): Promise<StageResult<Examined>> => {
      const examination = await examine({
        cycle,
        strategy: id,
        candidate: { files: new Map(Object.entries(candidate.files)), claim: candidate.claim },
        incumbent: night.incumbent,
        parentTree: night.parentTree,
        search,
        trialReturns: trialReturns(ledger, cycle),
        beside,
        yardstick: night.yardstick,
        columns,
        rules,
        pool,
        held: { noise: night.noise, readLedger: () => readLedgerFrom(state), append: writerFor(state, cycle) },
      });
      if (examination.outcome === 'failed') return { record: { outcome: 'failed', reasons: [...examination.reasons] } };
      if (examination.outcome === 'unanswered') return { record: { outcome: 'unanswered' } };
      const { pack } = examination;
      return { record: { outcome: 'passed', pack }, files: await filesOf(id, candidate, pack) };
    });
    if (examined.outcome !== 'passed') {
      refusal = examined.outcome === 'failed' ? (examined.reasons[0] ?? '') : 'The selection data had no answer left for it.';
      progress({ kind: 'done', phase: 'examine', message: `refused: ${refusal}` });
      continue;
    }
    const { pack } = examined;
    const gain = `${percent(pack.incumbent.selection.metrics.netReturn)} → ${percent(pack.candidate.selection.metrics.netReturn)}`;
    progress({ kind: 'done', phase: 'examine', message: `on data its author never saw: ${gain}` });
    const review = await read(options, night, candidate, pack, index + 1);
    const blocker = review?.kind === 'reviewed' ? review.findings.find(({ severity }) => severity === 'blocker') : undefined;
    if (blocker === undefined) {
      const version = await readVersion(id, new Map(Object.entries(candidate.files)));
      return { kind: 'chosen', version, pack, review };
    }
    refusal = `A reviewing model found in ${blocker.file}: ${blocker.what}`;
    progress({ kind: 'done', phase: 'review', message: `refused: ${refusal}` });
  }
  return { kind: 'none', reason: `The best of ${search.trials} configurations did not hold: ${refusal}` };
}

/** Has a version read by a model that does not hear why anybody wanted it; null where no model may be asked. */
async function read(
  { thinkers, progress, strategy }: NightOptions,
  { work, cycle, incumbent, yardstick }: Night,
  candidate: Candidate,
  pack: Pack,
  number: number,
): Promise<Review | null> {
  const { mind } = thinkers;
  if (mind === null) return null;
  progress({ kind: 'phase', phase: 'review', message: 'a model reads the change without its author’s reasons' });
  return work.stage(`review-${number}`, Review, async (journal) => {
    const { review } = await mind(cycle, journal, Object.keys(yardstick.markets));
    const record = await review({
      strategy: candidate.strategy ?? strategy,
      parent: candidate.strategy === null ? incumbent.files : null,
      candidate: new Map(Object.entries(candidate.files)),
      pack,
    });
    return { record };
  });
}

async function filesOf(strategy: string, candidate: Candidate, pack: Pack): Promise<ReadonlyMap<string, string>> {
  const inside = [...Object.entries(candidate.files), ...(await evidenceFiles(pack))];
  return new Map(inside.map(([path, text]) => [`strategies/${strategy}/${path}`, text]));
}
