import { Command } from 'commander';
import { COMMAND_HELP } from '#bot/commands/index.ts';
import { appendToNight, type LedgerRecord, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { harmless, plain, shortened, visible } from '#bot/evidence/markdown.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { type PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import { CANARY_LABEL } from '#bot/orchestrator/canaries.ts';
import { type ProposeTask, propose } from '#bot/orchestrator/propose.ts';
import { proposeMotion } from '#bot/orchestrator/propose-motion.ts';
import { tellReview } from '#bot/orchestrator/tell-review.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { BOT_PERSON } from '../identity.ts';
import { apiOfJob, appIdOfJob, repositoryOfJob } from './job-environment.ts';
import { openJobMirror } from './mirror.ts';
import { type NightNote, type NightResult, readNightResult } from './night-result.ts';

/** GitHub refuses a comment of more than 65,536. */
const BODY_LENGTH_MAX = 60_000;

interface ProposeFlags {
  readonly mirror: string;
  readonly remote: string;
  readonly result: string;
}

/** `ratchet actions propose`: publishes a night that ran in a job without rights. */
export function proposeCommand(): Command {
  return new Command('propose')
    .description("Publish a night: its lines into the ledger, its canaries' issues, and its proposal as a pull request.")
    .requiredOption('--mirror <dir>', "a mirror that also holds the night's commits, fetched from its bundle")
    .requiredOption('--remote <url>', 'where to push; the token comes from RATCHET_GIT_TOKEN')
    .requiredOption('--result <file>', 'the result.json of ratchet actions think')
    .action(async ({ mirror, remote, result }: ProposeFlags) => {
      const repository = await openJobMirror(mirror, remote);
      await repository.fetch();
      const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
      const api = new RepositoryApi(apiOfJob(process.env), repositoryOfJob(process.env), appIdOfJob(process.env));
      const outcome = await publishNight({ repository, state, api, result: await readNightResult(result) });
      console.log(outcome.sentence);
    });
}

export interface Publishing {
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly api: RepositoryApi;
  readonly result: NightResult;
}

export interface Published {
  readonly pullRequest: PullRequest | null;
  /** One line: the step that prints it holds the App's token, and a line of its own could be a command to its runner. */
  readonly sentence: string;
}

/**
 * Nothing of the night is believed but what can be checked: its ledger must continue the one it began with, its lines are chained
 * anew here, the commit is made anew here from the strategy's files and the pack, and the pull request's text from the pack. What
 * becomes of it, the gates say. Doing it twice makes nothing new.
 * @throws RatchetError `actions/ledger-rewritten`, `actions/other-base`, `ledger/broken` and whatever the API refuses
 */
export async function publishNight(publishing: Publishing): Promise<Published> {
  const { repository, state, api, result } = publishing;
  const isWhole = await publishLedger(publishing);
  await sayOnIssues(api, result.notes);
  if (result.proposal === null) return { pullRequest: null, sentence: visible(`${result.decision}: ${result.reason}`) };
  if (!isWhole) {
    const sentence =
      'The ledger went on while the night was thinking, so its evidence counts other trials than there are; nothing is proposed.';
    return { pullRequest: null, sentence };
  }
  const { strategy, cycle, asOf } = result;
  const base = await repository.require(result.base);
  if (!(await repository.isOnFirstParentLine(base, await repository.require('main')))) {
    throw new RatchetError(
      'actions/other-base',
      `${result.base} is not on main's line.`,
      'Only what continues main is proposed.',
    );
  }
  const { motion, review, branch } = result.proposal;
  const head = await repository.require(result.proposal.head);
  const publish = { base, repository, api, author: BOT_PERSON, date: new Date(asOf) };
  const pullRequest =
    motion === null
      ? await publishVersion(publish, head, { strategy: result.proposal.strategy ?? strategy, cycle })
      : await proposeMotion({ ...publish, strategy, cycle, motion });
  if (review !== null) await tellReview(pullRequest, review, { api });
  await state.reload();
  return { pullRequest, sentence: visible(`${result.decision}: pull request #${pullRequest.number} from ${branch}.`) };
}

type Place = Pick<ProposeTask, 'base' | 'repository' | 'api' | 'author' | 'date'>;

async function publishVersion(place: Place, head: CommitHash, of: { strategy: string; cycle: string }): Promise<PullRequest> {
  const { repository, base } = place;
  const pack = await packAt(repository, head, of);
  return propose({
    ...place,
    pack,
    version: await readVersion(of.strategy, await strategyFiles(repository, head, of.strategy)),
    replaces: await strategyFiles(repository, base, of.strategy),
    commands: COMMAND_HELP,
  });
}

async function packAt(repository: Repository, head: CommitHash, of: { strategy: string; cycle: string }): Promise<Pack> {
  const text = await readText(repository, head, `strategies/${of.strategy}/${PACK_PATH}`);
  const pack = Pack.safeParse(text === null ? null : JSON.parse(text)).data;
  if (pack !== undefined && pack.strategy === of.strategy && pack.cycle === of.cycle) return pack;
  throw new RatchetError('actions/no-evidence', `${head} has no evidence of this night.`, 'Nothing is proposed.', of);
}

/**
 * Takes the night's new lines over into the ledger as it is now.
 * @returns false when it went on meanwhile: the lines are kept, for every trial counts, but no evidence can stand on them
 */
async function publishLedger({ repository, state, result }: Publishing): Promise<boolean> {
  const before = await ledgerAt(repository, result.stateBefore);
  const after = await ledgerAt(repository, result.stateAfter);
  const last = before.entries.at(-1);
  const added = after.entries.slice(before.entries.length);
  if (last !== undefined && after.entries[before.entries.length - 1]?.hash !== last.hash) {
    throw new RatchetError(
      'actions/ledger-rewritten',
      "The night's ledger does not continue the one it began with.",
      'Nothing of it was published.',
    );
  }
  const now = await readLedgerFrom(state);
  // A job that is run again finds its lines there.
  if (now.head.hash === after.head.hash) return true;
  if (now.entries.some((record) => record.cycle === result.cycle && record.entry.kind === 'night-ended')) return false;
  for (const [cycle, records] of grouped(added)) {
    const returns = records.some(({ entry }) => entry.kind === 'search-ended') ? after.returns.get(cycle) : undefined;
    const entries = records.map(({ entry }) => entry);
    await appendToNight(state, cycle, { entries, ...(returns === undefined ? {} : { returns: returns }) });
  }
  return (await readLedgerFrom(state)).head.hash === after.head.hash;
}

function grouped(records: readonly LedgerRecord[]): ReadonlyMap<string, readonly LedgerRecord[]> {
  const groups = new Map<string, LedgerRecord[]>();
  for (const record of records) groups.set(record.cycle, [...(groups.get(record.cycle) ?? []), record]);
  return groups;
}

function ledgerAt(repository: Repository, commit: string | null): Promise<Awaited<ReturnType<typeof readLedgerFrom>>> {
  const at = commit as CommitHash | null;
  const read = async (path: string): Promise<Uint8Array | null> => (at === null ? null : repository.readFile(at, path));
  return readLedgerFrom({
    commit: at,
    read,
    readText: async (path) => {
      const bytes = await read(path);
      return bytes === null ? null : Buffer.from(bytes).toString('utf8');
    },
    list: async (folder) => (at === null ? [] : (await repository.listFiles(at, folder)).map(({ path }) => path).sort()),
  });
}

/**
 * Speaks on issues of the canaries that are open now, and opens those that are missing. The words are whatever the job that thinks has
 * left, and a model's code ran in it: they call nobody and lead nowhere.
 */
async function sayOnIssues(api: RepositoryApi, notes: readonly NightNote[]): Promise<void> {
  if (notes.length === 0) return;
  const open = await api.issues.listOpen(CANARY_LABEL);
  for (const note of notes) {
    if (note.kind === 'open-issue') {
      const wanted = plain(note.title);
      if (!open.some(({ title }) => title === wanted)) await api.issues.open(wanted, quiet(note.body), note.labels);
      continue;
    }
    if (!open.some(({ number }) => number === note.number)) continue;
    if (note.kind === 'comment') await api.issues.comment(note.number, quiet(note.body));
    else await api.issues.close(note.number);
  }
}

/** Line by line, so that its lists and paragraphs stay; never longer than the forge takes. */
function quiet(body: string): string {
  return shortened(body.split('\n').map(harmless).join('\n'), BODY_LENGTH_MAX);
}
