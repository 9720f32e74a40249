import { z } from 'zod';
import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import { readText } from '#bot/gates/context.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import { AUTONOMY_PATH } from '#bot/gates/policies.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { verify } from '#engine/attestation/envelope.ts';
import { KEYS_PATH, parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { approvalsOf, Decision, readDecisions } from './decisions.ts';
import type { LifeOptions } from './life-options.ts';

/** Folder on the state branch with one record a merge. */
export const MERGE_LOGS_FOLDER = 'merge-logs';

export function mergeLogPath(number: number): string {
  return `${MERGE_LOGS_FOLDER}/${number}.json`;
}

const Hash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const Instant = z.iso.datetime();

/** By what right something was merged. */
const Right = z.discriminatedUnion('kind', [
  /** A person said /merge; the decision stands in `decisions/`. */
  z.strictObject({ kind: z.literal('decision'), decision: Decision }),
  /** The bot merged its own, as the policy of the base allows; `base` is the commit whose policy it was. */
  z.strictObject({ kind: z.literal('policy'), path: z.literal(AUTONOMY_PATH), base: Hash }),
  /** On the forge itself: its page, its API, its merge queue. Its own rules for the branch decided. */
  z.strictObject({ kind: z.literal('forge') }),
]);

export const MergeRecord = z.strictObject({
  schema: z.literal('ratchet/merge/1'),
  number: z.int().positive(),
  title: z.string().max(1_000),
  url: z.string(),
  author: z.string(),
  head: Hash,
  /** Main's tip that it was merged onto; null when the merge commit has no parent here. */
  base: Hash.nullable(),
  commit: Hash,
  /** Of the strategies it changed: folder trees before and after, null where there was none, and whose signature stands for the latter. */
  strategies: z.array(
    z.strictObject({
      id: z.string(),
      before: Hash.nullable(),
      after: Hash.nullable(),
      signed: z.strictObject({ key: z.string(), kind: z.enum(['gates', 'adopted']), at: Instant }).nullable(),
    }),
  ),
  /** Who merged, on the forge. */
  by: z.string(),
  right: Right,
  /** Conclusions of the bot's checks on the head, by gate, as they were when this was written. */
  gates: z.record(z.string(), z.string()),
  /** Approvals of exactly this head. */
  approvals: z.array(Decision),
  openedAt: Instant,
  mergedAt: Instant,
  recordedAt: Instant,
});
export type MergeRecord = z.infer<typeof MergeRecord>;

type LogOptions = Pick<LifeOptions, 'api' | 'repository' | 'state' | 'botLogin' | 'clock'>;

/** @throws RatchetError `life/merge-log` when the text is not a record */
export function parseMergeRecord(path: string, text: string): MergeRecord {
  try {
    return MergeRecord.parse(JSON.parse(text));
  } catch (error) {
    throw new RatchetError(
      'life/merge-log',
      `${path} on ratchet/state is no record of a merge.`,
      'See git log ratchet/state for who changed it.',
      { path },
      error,
    );
  }
}

/**
 * Writes down a merge, once: the record that stands is never changed. Gives the record, or null for what is not merged.
 * @param first what belongs to the merge and is done before: what is written down is looked at no more after a kill
 * @throws RatchetError `life/merge-log` when what stands there is no record of this merge: somebody else wrote it
 */
export async function logMerge(
  pull: PullRequest,
  options: LogOptions,
  first: (record: MergeRecord) => Promise<void> = async () => {},
): Promise<MergeRecord | null> {
  const { state } = options;
  const path = mergeLogPath(pull.number);
  await state.refresh();
  const known = await state.readText(path);
  if (known !== null) {
    const standing = parseMergeRecord(path, known);
    if (standing.number === pull.number && standing.head === pull.headSha && standing.commit === pull.mergeCommit) {
      await first(standing);
      return standing;
    }
    throw new RatchetError(
      'life/merge-log',
      `${path} on ratchet/state tells of another merge than that of #${pull.number}.`,
      'See git log ratchet/state for who wrote it; remove it, and the bot writes down what happened.',
      { path },
    );
  }
  const record = await recordOf(pull, options);
  if (record === null) return null;
  await first(record);
  await state.update(`merge-logs: #${pull.number} as ${record.commit.slice(0, 12)}`, async (current) =>
    (await current.read(path)) === null ? new Map([[path, Buffer.from(`${canonicalJson(record)}\n`)]]) : new Map(),
  );
  return record;
}

async function recordOf(pull: PullRequest, options: LogOptions): Promise<MergeRecord | null> {
  const { api, repository, state, clock } = options;
  const facts = await api.branches.mergeOf(pull.number);
  if (facts === null || pull.mergeCommit === null) return null;
  await repository.fetch();
  const commit = await repository.require(pull.mergeCommit);
  const base = (await repository.logged(commit)).parents[0] ?? null;
  const decisions = await readDecisions(state, pull.number);
  return MergeRecord.parse({
    schema: 'ratchet/merge/1',
    number: pull.number,
    title: pull.title,
    url: pull.url,
    author: pull.author,
    head: pull.headSha,
    base,
    commit,
    strategies: base === null ? [] : await strategiesOf(base, commit, options),
    by: facts.mergedBy,
    right: rightOf(pull, facts.mergedBy, base, decisions, options.botLogin),
    gates: await gatesOf(pull.headSha, options),
    approvals: approvalsOf(decisions, pull.headSha),
    openedAt: facts.openedAt,
    mergedAt: facts.mergedAt,
    recordedAt: new Date(clock()).toISOString(),
  });
}

function rightOf(
  pull: PullRequest,
  mergedBy: string,
  base: CommitHash | null,
  decisions: readonly Decision[],
  botLogin: string,
): z.infer<typeof Right> {
  if (mergedBy !== botLogin) return { kind: 'forge' };
  const decision = decisions.findLast(({ kind, head }) => kind === 'merge' && head === pull.headSha);
  if (decision !== undefined) return { kind: 'decision', decision };
  return base === null ? { kind: 'forge' } : { kind: 'policy', path: AUTONOMY_PATH, base };
}

async function gatesOf(head: string, { api }: LogOptions): Promise<Readonly<Record<string, string>>> {
  const conclusions = await api.checkConclusions(head);
  // The one that main demands comes last, as on the page.
  const { [FINAL_GATE]: final, ...others } = conclusions;
  return final === undefined ? others : { ...others, [FINAL_GATE]: final };
}

async function strategiesOf(base: CommitHash, commit: CommitHash, { repository, state }: LogOptions) {
  const ids = new Set<string>();
  for (const { path, previousPath } of await repository.diff(base, commit)) {
    for (const touched of [path, previousPath ?? path]) {
      const id = strategyOfPath(touched);
      if (id !== null) ids.add(id);
    }
  }
  const keysText = await readText(repository, commit, KEYS_PATH);
  const keys = keysText === null ? [] : trustedKeys(parsePublicKeys(keysText));
  return Promise.all(
    [...ids].sort().map(async (id) => {
      const [before, after] = await Promise.all([base, commit].map((at) => repository.treeOf(at, `strategies/${id}`)));
      const envelope = after == null ? null : await state.readText(statementPath(after));
      const verified = envelope === null || after == null ? null : verify(envelope, keys, { strategy: id, tree: after });
      const signed =
        verified?.ok === true
          ? {
              key: verified.keyId,
              kind: verified.statement.predicate.ratchet.kind,
              at: verified.statement.predicate.timeVerified,
            }
          : null;
      return { id, before: before ?? null, after: after ?? null, signed };
    }),
  );
}
