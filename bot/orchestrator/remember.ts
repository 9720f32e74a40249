import { existsSync } from 'node:fs';
import { readLedgerFrom, unfinishedNight } from '#bot/evidence/ledger.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readText } from '#bot/gates/context.ts';
import type { ListedProposal } from '#bot/github/discussions-api.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { recordIn, recordOfReport } from '#bot/memory/engine-record.ts';
import type { Memory } from '#bot/memory/memory.ts';
import { type MemoryMaterial, memoryOf, type ProposalMaterial } from '#bot/memory/memory-of.ts';
import type { Heard } from '#bot/memory/people.ts';
import type { VersionRecord } from '#bot/memory/version-record.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { parseReport, reportPath } from '#engine/runtime/report.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { MERGE_LOGS_FOLDER, type MergeRecord, parseMergeRecord } from './life/merge-log.ts';
import { cycleOfBranch } from './propose.ts';

/** Under as many pull requests, the newest, it is looked what people said. */
const DISCUSSIONS_MAX = 20;

export interface RememberOptions {
  readonly strategy: string;
  /** Market time, UTC milliseconds: what came later is not remembered. */
  readonly asOf: number;
  /** Wall clock, UTC milliseconds: what people did later is not remembered. */
  readonly now: number;
  readonly repository: Repository;
  readonly state: StateReader;
  /** Null, and why, where the forge cannot be asked. */
  readonly api: RepositoryApi | { readonly problem: string };
  /** Folder of the engine's record; null where it is not on this machine: then what it publishes must do. */
  readonly record: string | null;
}

/**
 * What is known of past nights: gathered from the ledger, the records of merges, the evidence in git, the forge and the engine. A night
 * that goes on is not past, so the one that asks does not remember itself.
 * @throws RatchetError `ledger/broken`; where the forge fails nobody's words are told, and why
 */
export async function remember(options: RememberOptions): Promise<Memory> {
  const { strategy, asOf, now, state } = options;
  const ledger = await readLedgerFrom(state);
  const listing = await pullsOf(options);
  const proposals = await proposalsOf(options, 'pulls' in listing ? listing.pulls : []);
  const heard = 'pulls' in listing ? await heardUnder(options, listing.pulls) : listing;
  const cycle = unfinishedNight(ledger)?.cycle ?? null;
  return withRecord(options, (record) => memoryOf({ strategy, asOf, toldAt: now, cycle, ledger, proposals, record, heard }));
}

async function pullsOf({
  api,
}: RememberOptions): Promise<{ readonly pulls: readonly ListedProposal[] } | { readonly problem: string }> {
  if ('problem' in api) return api;
  try {
    return { pulls: await api.discussions.proposals((branch) => cycleOfBranch(branch) !== null) };
  } catch (error) {
    return { problem: explain(error) };
  }
}

async function heardUnder({ api }: RememberOptions, pulls: readonly ListedProposal[]): Promise<MemoryMaterial['heard']> {
  if ('problem' in api) return api;
  const newest = pulls.slice(0, DISCUSSIONS_MAX);
  try {
    const said = await api.discussions.remarksUnder(newest.map(({ number }) => number));
    return newest.map(({ number, headRef }): Heard => {
      const remarks = (said.get(number) ?? []).map(({ author, at, ...rest }) => ({ ...rest, by: author, at: Date.parse(at) }));
      return { cycle: cycleOfBranch(headRef)!, pullRequest: number, remarks };
    });
  } catch (error) {
    return { problem: explain(error) };
  }
}

/** What nights proposed, one each: from the records of merges, and for the others from the forge's list. */
async function proposalsOf(options: RememberOptions, pulls: readonly ListedProposal[]): Promise<readonly ProposalMaterial[]> {
  const found = new Map<string, ProposalMaterial>();
  // The newest pull request of a night is the one that counts, so older ones come first and are written over.
  for (const pull of pulls.toReversed()) {
    const material = await fromPull(pull, options);
    found.set(material.cycle, material);
  }
  for (const merge of await mergesIn(options.state)) {
    for (const material of await fromMerge(merge, options)) {
      const known = found.get(material.cycle);
      // Later merges may carry the same evidence: a stage that changed, a way back. The night's own is the first.
      if (known === undefined || known.mergedAt === null || known.mergedAt >= material.mergedAt!)
        found.set(material.cycle, material);
      else if (known.strategy === material.strategy && known.tree !== material.tree)
        found.set(material.cycle, { ...known, laterTrees: [...known.laterTrees, material.tree!] });
    }
  }
  return [...found.values()];
}

async function fromPull(pull: ListedProposal, { repository }: RememberOptions): Promise<ProposalMaterial> {
  const cycle = cycleOfBranch(pull.headRef)!;
  const strategy = pull.headRef.split('/')[1]!;
  const commit = await repository.resolve(pull.mergeCommit ?? pull.headSha);
  const isVersion = pull.headRef.startsWith('evolve/');
  const evidence = commit === null || !isVersion ? null : await evidenceAt(repository, commit, strategy, cycle);
  const tree =
    commit === null || evidence === null || pull.mergeCommit === null
      ? null
      : await repository.treeOf(commit, folderOf(strategy));
  const time = (at: string | null): number | null => (at === null ? null : Date.parse(at));
  return {
    cycle,
    strategy,
    pullRequest: pull.number,
    openedAt: Date.parse(pull.openedAt),
    mergedAt: time(pull.mergedAt),
    closedAt: time(pull.closedAt),
    tree,
    laterTrees: [],
    evidence,
  };
}

async function mergesIn(state: StateReader): Promise<readonly MergeRecord[]> {
  const paths = await state.list(MERGE_LOGS_FOLDER);
  const records = await Promise.all(
    paths.map(async (path) => {
      try {
        return [parseMergeRecord(path, (await state.readText(path)) ?? '')];
      } catch (error) {
        // A file that somebody spoilt tells nothing of that merge; `ratchet audit-trail` says what is wrong with it.
        if (error instanceof RatchetError) return [];
        throw error;
      }
    }),
  );
  return records.flat().toSorted((a, b) => Date.parse(a.mergedAt) - Date.parse(b.mergedAt));
}

async function fromMerge(merge: MergeRecord, { repository }: RememberOptions): Promise<readonly ProposalMaterial[]> {
  const commit = await repository.resolve(merge.commit);
  if (commit === null) return [];
  const materials = await Promise.all(
    merge.strategies.map(async ({ id, before, after }): Promise<ProposalMaterial[]> => {
      if (after === null || after === before) return [];
      const evidence = await evidenceAt(repository, commit, id, null);
      if (evidence === null) return [];
      const { number, openedAt, mergedAt } = merge;
      const times = { openedAt: Date.parse(openedAt), mergedAt: Date.parse(mergedAt), closedAt: Date.parse(mergedAt) };
      return [{ cycle: evidence.cycle, strategy: id, pullRequest: number, ...times, tree: after, laterTrees: [], evidence }];
    }),
  );
  return materials.flat();
}

type Evidence = NonNullable<ProposalMaterial['evidence']> & { readonly cycle: string };

/** Null where there is none, where it cannot be read any more, or where it is another night's. */
async function evidenceAt(
  repository: Repository,
  commit: CommitHash,
  strategy: string,
  cycle: string | null,
): Promise<Evidence | null> {
  const text = await readText(repository, commit, `${folderOf(strategy)}/${PACK_PATH}`);
  const pack = text === null ? null : packIn(text);
  if (pack === null || (cycle !== null && pack.cycle !== cycle)) return null;
  return {
    cycle: pack.cycle,
    claim: pack.proposal,
    prediction: pack.prediction,
    incumbent: pack.incumbent.development.metrics.netReturn,
    candidate: pack.candidate.development.metrics.netReturn,
    against: pack.against,
    parentTree: pack.parentTree,
  };
}

function packIn(text: string): Pack | null {
  try {
    return Pack.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // It was proven when it came; what cannot be read any more foretells nothing.
    return null;
  }
}

function folderOf(strategy: string): string {
  return `strategies/${strategy}`;
}

async function withRecord<T>({ record, state, asOf }: RememberOptions, work: (record: VersionRecord | null) => T): Promise<T> {
  if (record === null || !existsSync(enginePaths(record).status)) {
    const text = await state.readText(reportPath);
    return work(text === null ? null : recordOfReport(parseReport(text), asOf));
  }
  const reader = openReader(record);
  try {
    return reader.atOnce(() => work(recordIn(reader, asOf)));
  } finally {
    reader.close();
  }
}
