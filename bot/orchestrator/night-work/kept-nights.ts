import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { explain, RatchetError } from '#engine/errors.ts';
import { type FoundWorktree, keepAs, removeWorktree, worktreeAt, worktreesIn } from '#engine/repository/worktrees.ts';
import { trialsFolder } from '../search-versions.ts';
import { NIGHT_STATE_PATH, type NightState, nightBranch, parseNightState, type StageName } from './night-state.ts';

const DAY_MS = 86_400_000;
const RESCUED = 'ratchet/rescue';

/** Where nights are kept, and for how long. */
export interface NightsKept {
  /** The folder of all nights' worktrees. */
  readonly dir: string;
  /** Days since its last commit that a night is kept. */
  readonly days: number;
  /** Wall clock, UTC milliseconds. */
  readonly clock: () => number;
}

/** A night's worktree, for people. */
export interface KeptNight {
  readonly cycle: string;
  readonly dir: string;
  readonly mirror: string;
  readonly branch: string;
  readonly strategy: string;
  /** The last stage that is done; null before the first. */
  readonly stage: StageName | null;
  readonly stages: NightState['stages'];
  readonly end: NightState['end'];
  /** UTC milliseconds, as every time here. */
  readonly beganAt: number;
  readonly lastAt: number;
  /** When its term is over. It goes at the beginning of the next night after that, unless it is the one that goes on. */
  readonly keptUntil: number;
  /** Branches of the mirror that keep it as it stands now, whatever becomes of the worktree. */
  readonly rescuedAs: readonly string[];
}

/** One whose record cannot be read stays until a person takes it away. */
export interface UnreadableNight {
  readonly cycle: string;
  readonly dir: string;
  readonly problem: string;
}

export interface NightsFound {
  readonly nights: readonly KeptNight[];
  readonly unreadable: readonly UnreadableNight[];
}

/** Every night's worktree, by name. */
export async function keptNights(kept: NightsKept): Promise<NightsFound> {
  const nights: KeptNight[] = [];
  const unreadable: UnreadableNight[] = [];
  for (const worktree of await nightsIn(kept.dir)) {
    try {
      nights.push(await readNight(worktree, kept));
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      unreadable.push({ cycle: basename(worktree.dir), dir: worktree.dir, problem: explain(error) });
    }
  }
  return { nights, unreadable };
}

/**
 * Takes away what is past its term, at the beginning of a night.
 * @param goesOn the cycle that is about to be taken up, which stays however old it is
 * @returns the cycles that are gone
 */
export async function removePastNights(kept: NightsKept, goesOn: string | null): Promise<readonly string[]> {
  const { nights } = await keptNights(kept);
  const past = nights.filter(({ cycle, keptUntil }) => cycle !== goesOn && keptUntil <= kept.clock());
  const leftovers = (await nightsIn(kept.dir)).filter(({ tip }) => tip === null).map(({ dir }) => basename(dir));
  const cycles = [...past.map(({ cycle }) => cycle), ...leftovers.filter((cycle) => cycle !== goesOn)];
  for (const cycle of cycles) await takeAway(kept, await nightAt(kept.dir, cycle));
  return cycles;
}

/**
 * @throws RatchetError `worktrees/unknown` when no such night has a worktree, `night/work-record` when it cannot be read
 */
export async function keptNight(kept: NightsKept, cycle: string): Promise<KeptNight> {
  return readNight(await nightAt(kept.dir, cycle), kept);
}

/**
 * Keeps what the night has come to as a branch of its mirror, which no term takes.
 * @returns the branch
 * @throws RatchetError `worktrees/unknown`; `repository/exists` when the branch stands elsewhere
 */
export async function rescueNight(dir: string, cycle: string, name: string): Promise<string> {
  const { repository, branch } = await nightAt(dir, cycle);
  const rescue = `${RESCUED}/${name}`;
  await keepAs(repository, rescue, await repository.require(branch));
  return rescue;
}

/**
 * Takes a night's worktree away, and its branch.
 * @param isForced also one that has not ended, which loses what it has done, and one that cannot be read
 * @throws RatchetError `worktrees/unknown`, `worktrees/unfinished`, `night/work-record`
 */
export async function removeNight(kept: NightsKept, cycle: string, isForced: boolean): Promise<void> {
  const worktree = await nightAt(kept.dir, cycle);
  if (!isForced && worktree.tip !== null) {
    const { end, stage } = await readNight(worktree, kept);
    if (end === null)
      throw new RatchetError(
        'worktrees/unfinished',
        `Night ${cycle} has not ended: it has come ${stage === null ? 'to no stage' : `as far as ${stage}`}, and goes on from there when it is run again.`,
        'Keep what it has done with `ratchet worktrees rescue`, or remove it with --force.',
        { cycle },
      );
  }
  await takeAway(kept, worktree);
}

/** The trials first: the worktree is what a removal that was killed is found by. */
async function takeAway({ dir }: NightsKept, worktree: FoundWorktree): Promise<void> {
  const trials = trialsFolder({ worktrees: dir }, { cycle: basename(worktree.dir) });
  await rm(trials, { recursive: true, force: true, maxRetries: 3 });
  await removeWorktree(worktree);
}

async function nightsIn(dir: string): Promise<readonly FoundWorktree[]> {
  return (await worktreesIn(dir)).filter((worktree) => worktree.branch === nightBranch(basename(worktree.dir)));
}

async function nightAt(dir: string, cycle: string): Promise<FoundWorktree> {
  const isName = basename(cycle) === cycle && existsSync(join(dir, cycle));
  const worktree = isName ? await worktreeAt(join(dir, cycle)) : null;
  if (worktree !== null && worktree.branch === nightBranch(cycle)) return worktree;
  throw new RatchetError(
    'worktrees/unknown',
    `No night ${cycle} has a worktree in ${dir}.`,
    'See which do with `ratchet worktrees list`.',
    { cycle },
  );
}

async function readNight({ dir, repository, branch, tip }: FoundWorktree, { days }: NightsKept): Promise<KeptNight> {
  const bytes = tip === null ? null : await repository.readFile(tip, NIGHT_STATE_PATH);
  const state = parseNightState(bytes === null ? null : Buffer.from(bytes).toString('utf8'), dir);
  const { cycle, strategy, beganAt, stages, end } = state;
  const lastAt = end?.at ?? stages.at(-1)?.at ?? beganAt;
  const branches = await repository.branches();
  return {
    cycle,
    dir,
    mirror: repository.dir,
    branch,
    strategy,
    stage: stages.at(-1)?.name ?? null,
    stages,
    end,
    beganAt,
    lastAt,
    keptUntil: lastAt + days * DAY_MS,
    rescuedAs: branches.filter((other) => other.name.startsWith(`${RESCUED}/`) && other.tip === tip).map(({ name }) => name),
  };
}
