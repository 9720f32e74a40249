import { readText } from '#bot/gates/context.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import { AUTONOMY_PATH, AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { type MergeRecord, mergeLogPath } from '#bot/orchestrator/life/merge-log.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { arrivalsOf, type Sources } from './arrivals.ts';
import type { Place } from './place.ts';
import { type Step, step, trouble } from './step.ts';

/** The merge: the commit on main, and the record of by whom and by which right, each held against the other. */
export async function fromMerge(place: Place, sources: Sources): Promise<readonly Step[]> {
  const { merge, mergeCommit, number } = place;
  const path = mergeLogPath(number);
  if (merge === null && mergeCommit === null) return [];
  if (merge === null) return [await unrecorded(mergeCommit!, path, sources)];
  const complaints = await complaintsAbout(merge, place, sources);
  const at = mergeCommit === null ? merge.mergedAt : (await sources.repository.logged(mergeCommit)).committedAt;
  const { commit, base, head, by, gates, strategies } = merge;
  const trees = Object.fromEntries(strategies.map(({ id, after }) => [id, after]));
  const passed = Object.entries(gates).map(([gate, conclusion]) => `${gate} ${conclusion}`);
  const what = `merged, ${rightOf(merge)}; gates then: ${passed.length === 0 ? 'none' : passed.join(', ')}`;
  const arrivals = await arrivalsOf(path, sources);
  const [first, ...later] = arrivals;
  return [
    step(at, `@${by}`, what, path, { commit, head, base, ...trees }, complaints[0] ?? null),
    ...complaints.slice(1).map((sentence) => trouble(path, 'the merge', sentence, { commit })),
    ...(first === undefined ? [] : [step(first.at, first.by, 'wrote the merge down', path, { commit: first.commit })]),
    ...later.map((one) =>
      trouble(path, `written by ${one.by}`, 'The record was changed after it was written.', { commit: one.commit }, one.at),
    ),
  ];
}

async function unrecorded(commit: CommitHash, path: string, { repository }: Sources): Promise<Step> {
  const { committedAt, author } = await repository.logged(commit);
  const sentence = `A commit on main bears its number, and there is no ${path}: by whom and by which right is not known.`;
  return step(committedAt, author.name, 'merged, by the subject of the commit', 'commit', { commit }, sentence);
}

function rightOf({ right }: MergeRecord): string {
  switch (right.kind) {
    case 'decision':
      return `by the decision of @${right.decision.by} (${right.decision.permission})`;
    case 'policy':
      return `by ${right.path} at ${right.base.slice(0, 12)}`;
    case 'forge':
      return "by the forge's own rules";
    default:
      return right satisfies never;
  }
}

async function complaintsAbout(merge: MergeRecord, place: Place, sources: Sources): Promise<readonly string[]> {
  const { repository } = sources;
  const { mergeCommit, main } = place;
  const short = merge.commit.slice(0, 12);
  const complaints: string[] = [];
  if (mergeCommit === null) complaints.push(`The record names ${short}, which is not in this repository.`);
  else if (!(await repository.isOnFirstParentLine(mergeCommit, main)))
    complaints.push(`The record names ${short}, which is not on main.`);
  else {
    const parent = (await repository.logged(mergeCommit)).parents[0] ?? null;
    if (parent !== merge.base)
      complaints.push(
        `The record says that it was merged onto ${merge.base?.slice(0, 12) ?? 'nothing'}, and git says otherwise.`,
      );
    complaints.push(...(await treesComplaints(merge, mergeCommit, place, sources)));
  }
  const failed = Object.entries(merge.gates).filter(([, conclusion]) => conclusion !== 'success');
  if (merge.gates[FINAL_GATE] === undefined) complaints.push(`It was merged without the check ${FINAL_GATE}.`);
  if (failed.length > 0) complaints.push(`It was merged although not every gate had passed: ${failed.map(String).join('; ')}.`);
  const right = await rightComplaint(merge, sources);
  if (right !== null) complaints.push(right);
  for (const { id, after, signed } of merge.strategies)
    if (after !== null && signed === null) complaints.push(`No signature over ${id} counted when it was merged.`);
  return complaints;
}

async function treesComplaints(
  merge: MergeRecord,
  commit: CommitHash,
  { strategies }: Place,
  { repository }: Sources,
): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const { id, after } of merge.strategies)
    if ((await repository.treeOf(commit, `strategies/${id}`)) !== after)
      complaints.push(`The record says that ${id} came to main as another tree than it did.`);
  for (const { id, tree } of strategies)
    if ((await repository.treeOf(commit, `strategies/${id}`)) !== tree)
      complaints.push(`${id} came to main as another tree than the head had.`);
  return complaints;
}

/** Whether what is said to have allowed the merge is there, and allows it. */
async function rightComplaint({ right, number, approvals }: MergeRecord, sources: Sources): Promise<string | null> {
  const written = new Set((await readDecisions(sources.state, number).catch(() => [])).map((one) => canonicalJson(one)));
  if (approvals.some((approval) => !written.has(canonicalJson(approval))))
    return 'The record has an approval that the decisions do not have.';
  switch (right.kind) {
    case 'decision':
      return written.has(canonicalJson(right.decision)) ? null : 'The record names a decision that the decisions do not have.';
    case 'policy':
      return (await allowsMerging(right.base, sources)) ? null : `${AUTONOMY_PATH} at that base lets the bot merge nothing.`;
    case 'forge':
      return null;
    default:
      return right satisfies never;
  }
}

async function allowsMerging(base: string, { repository }: Sources): Promise<boolean> {
  const commit = await repository.resolve(base);
  if (commit === null) return false;
  try {
    const { levels } = parsePolicy(AUTONOMY_PATH, await readText(repository, commit, AUTONOMY_PATH), AutonomyPolicy);
    return Object.values(levels).includes('merge-paper');
  } catch (error) {
    if (error instanceof RatchetError) return false;
    throw error;
  }
}
