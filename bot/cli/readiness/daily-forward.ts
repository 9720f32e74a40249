import { publishedForward } from '#bot/gates/forward-evidence.ts';
import { publishForward } from '#bot/readiness/publish.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { Workspace } from '../up/workspace.ts';
import { measureHere, recordedUntil } from './measure-here.ts';

const DAY_MS = 86_400_000;

/** A replay closes a day in seconds, and each replays all days before it: no more often than this, by the clock on the wall. */
const EVERY_MS = 10 * 60_000;

type Parts = { readonly repository: Repository; readonly state: StateBranch };

/** Publishes what the versions of a workspace have shown, day by day of its market. */
export class DailyForward {
  readonly #place: Pick<Workspace, 'engine' | 'market' | 'candles'>;
  readonly #clock: () => number;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** @param clock wall-clock time, UTC milliseconds */
  constructor(place: Pick<Workspace, 'engine' | 'market' | 'candles'>, clock: () => number) {
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * Measures and publishes, when another UTC day of the market is published than the one that closed last: an earlier one, or one that is not over
   * yet and that nobody can have measured. Otherwise it reads a file or two and does nothing.
   */
  async publish({ repository, state }: Parts): Promise<void> {
    const now = this.#clock();
    const until = recordedUntil(this.#place);
    if (until === null || now - this.#measuredAt < EVERY_MS) return;
    const lastDay = Math.floor(until / DAY_MS) * DAY_MS;
    await state.refresh();
    if ((await publishedUntil(state)) === lastDay) return;
    this.#measuredAt = now;
    await repository.fetch();
    const evidence = await measureHere(this.#place, { repository, state }, { now });
    if (evidence.length > 0) await publishForward(evidence, state);
  }
}

/** The end of the day that was published last; before all days where there is none, or something else stands there. */
async function publishedUntil(state: StateBranch): Promise<number> {
  try {
    return Math.max(Number.NEGATIVE_INFINITY, ...(await publishedForward(state)).map(({ asOf }) => asOf));
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return Number.NEGATIVE_INFINITY;
  }
}
