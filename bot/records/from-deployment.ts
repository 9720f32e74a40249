import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { type EngineStatus, parseStatus, statusPath } from '#engine/runtime/status.ts';
import { type Arrival, arrivalsOf, type Sources } from './arrivals.ts';
import type { Place } from './place.ts';
import { type Step, step } from './step.ts';

interface Published {
  readonly arrival: Arrival;
  readonly status: EngineStatus;
}

/**
 * When the engine first said that it runs what was merged, and when it said that it no longer does. An engine that has not said
 * anything yet has a step without a time, and no trouble: it may not have looked.
 */
export async function fromDeployment(place: Place, sources: Sources): Promise<readonly Step[]> {
  const { mergeCommit, main } = place;
  if (mergeCommit === null) return [];
  const positions = await positionsOn(main, sources);
  const merged = positions.get(mergeCommit);
  if (merged === undefined) return [];
  const published = await publishedIn(sources);
  const since = published.filter(({ status }) => (positions.get(status.commit ?? '') ?? -1) >= merged);
  const strategies = place.merge?.strategies.map(({ id, after }) => ({ id, tree: after })) ?? place.strategies;
  if (strategies.length === 0) return [wholeStep(since, mergeCommit)];
  return strategies.flatMap(({ id, tree }) => strategySteps(id, tree, since, mergeCommit));
}

async function positionsOn(main: CommitHash, { repository }: Sources): Promise<ReadonlyMap<string, number>> {
  const line = await repository.firstParentLog(null, main);
  return new Map<string, number>(line.map(({ commit }, index) => [commit, index]));
}

async function publishedIn(sources: Sources): Promise<readonly Published[]> {
  return (await arrivalsOf(statusPath, sources)).flatMap((arrival) => {
    const status = arrival.text === null ? null : readStatus(arrival.text);
    return status === null ? [] : [{ arrival, status }];
  });
}

/** What is not an engine's status says nothing about what ran. */
function readStatus(text: string): EngineStatus | null {
  try {
    return parseStatus(text);
  } catch (error) {
    if (error instanceof RatchetError) return null;
    throw error;
  }
}

function wholeStep(since: readonly Published[], commit: CommitHash): Step {
  const first = since.find(({ status }) => status.status === 'Synced');
  return first === undefined ? notYet('the engine', commit) : at(first, 'Synced', { main: first.status.commit });
}

function strategySteps(id: string, tree: string | null, since: readonly Published[], commit: CommitHash): readonly Step[] {
  const running = ({ status }: Published) => status.strategies.find((one) => one.id === id) ?? null;
  const isThere = (one: Published): boolean => (running(one)?.tree ?? null) === tree;
  const isSynced = (one: Published): boolean => (running(one)?.status ?? 'Synced') === 'Synced';
  const first = since.findIndex((one) => isThere(one) && isSynced(one));
  if (first < 0) return [notYet(id, commit)];
  const left = since.slice(first + 1).find((one) => !isThere(one));
  const began = at(since[first]!, `Synced: ${id} ${tree === null ? 'runs no more' : 'runs'}`, {
    tree,
    main: since[first]!.status.commit,
  });
  if (left === undefined) return [began];
  const next = running(left)?.tree ?? null;
  const what = `${id} left: ${next === null ? 'nothing' : 'another version'} runs`;
  return [began, at(left, what, { tree: next, main: left.status.commit })];
}

function at({ arrival }: Published, what: string, digests: Readonly<Record<string, string | null>>): Step {
  return step(arrival.at, arrival.by, `engine ${what}`, statusPath, { ...digests, commit: arrival.commit });
}

function notYet(what: string, commit: CommitHash): Step {
  return step(null, 'the engine', `has not said that ${what} is Synced with it`, statusPath, { commit });
}
