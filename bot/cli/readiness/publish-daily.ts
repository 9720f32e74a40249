import { publishedForward } from '#bot/gates/forward-evidence.ts';
import { publishForward } from '#bot/readiness/publish.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { Workspace } from '../up/workspace.ts';
import { measureHere, recordedUntil } from './measure-here.ts';

const DAY_MS = 86_400_000;

/**
 * Measures and publishes what the versions of a workspace have shown, when the market has closed another UTC day since that was done
 * last. Otherwise it reads a file or two and does nothing.
 */
export async function publishDaily(
  place: Pick<Workspace, 'engine' | 'market' | 'candles'>,
  { repository, state }: { readonly repository: Repository; readonly state: StateBranch },
  now: number,
): Promise<void> {
  const until = recordedUntil(place);
  if (until === null) return;
  const lastDay = Math.floor(until / DAY_MS) * DAY_MS;
  await state.refresh();
  if ((await publishedUntil(state)) >= lastDay) return;
  await repository.fetch();
  const evidence = await measureHere(place, { repository, state }, { now });
  if (evidence.length > 0) await publishForward(evidence, state);
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
