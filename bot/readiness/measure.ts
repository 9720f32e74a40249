import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import type { ForwardEvidence, GateReading } from '#bot/gates/forward-evidence.ts';
import { type ReadinessLimits, readinessAt, type Target } from '#bot/gates/readiness-policy.ts';
import { type Standing, scored, wagersOf } from '#bot/memory/forecasts.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { forwardFigures } from '#engine/runtime/forward/forward-figures.ts';
import { type ForwardRecord, readForward } from '#engine/runtime/forward/forward-record.ts';
import { type ForwardMarket, type Replaying, replayForward } from '#engine/runtime/forward/replay-forward.ts';
import { dailyHealth } from '#engine/runtime/forward/shadow-health.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import { capitalSince, nextTarget, riskAt, stageOf } from './next-target.ts';
import { obstacleTo } from './obstacle.ts';
import { sevenGates } from './seven-gates.ts';
import { readinessOf } from './weeks.ts';

const DAY_MS = 86_400_000;
/** Days of health that are shown. */
const HEALTH_DAYS = 14;

export interface MeasureOptions {
  readonly reader: EngineReader;
  /** Has main, and the commits that the engine loaded from. */
  readonly repository: Repository;
  readonly state: StateReader;
  /** Null where the candles the engine trades on are not at hand: what needs a replay then says not-enough. */
  readonly market: ForwardMarket | null;
  /** Wall-clock time, UTC milliseconds. */
  readonly now: number;
}

/**
 * What the versions that run have shown, up to the end of the newest whole UTC day of the market, judged by the policies on main.
 * @throws RatchetError `policy/unreadable`
 */
export async function measureForward(options: MeasureOptions, only: string | null = null): Promise<readonly ForwardEvidence[]> {
  const { reader, repository } = options;
  const main = await repository.resolve('main');
  const feed = reader.lastFeedTime();
  if (main === null || feed === null) return [];
  const asOf = Math.floor(feed / DAY_MS) * DAY_MS;
  const ids = [...new Set(reader.deployments(asOf).map(({ strategy }) => strategy))].sort();
  const found: ForwardEvidence[] = [];
  for (const id of ids) {
    if (only !== null && id !== only) continue;
    const record = reader.atOnce(() => readForward(reader, id, { asOf, now: options.now }));
    if (record !== null) found.push(await evidenceOf(record, main, options));
  }
  return found;
}

async function evidenceOf(
  record: ForwardRecord,
  main: CommitHash,
  { repository, state, market }: MeasureOptions,
): Promise<ForwardEvidence> {
  const commit = await repository.resolve(record.commit);
  const replaying = await replayOf(record, commit, market, repository);
  const { strategy, tree, stage, since, asOf, days, result } = forwardFigures(record, replaying);
  const risk = await riskAt(repository, main);
  const target = nextTarget(stage, risk);
  const limits = target === null ? undefined : (await readinessAt(repository, main))?.targets[target];
  const pack = commit === null ? null : await packAt(repository, commit, strategy);
  const maxDrawdown = target === null ? null : (risk.stages[stageOf(target)]?.maxDrawdown ?? null);
  const gatesAt =
    (limit: ReadinessLimits) =>
    (until: number): readonly GateReading[] =>
      sevenGates({
        figures: forwardFigures(record, replaying, until),
        limits: limit,
        prediction: pack?.prediction ?? null,
        forecasts:
          pack === null
            ? []
            : wagersOf(pack.proposal, pack.prediction).map((wager) => scored(wager, standingOf(record, replaying), until)),
        maxDrawdown,
      });
  return {
    schema: 'ratchet/forward/1',
    strategy,
    tree,
    stage,
    since,
    asOf,
    days,
    result:
      result === null
        ? null
        : {
            isHypothetical: result.isHypothetical,
            trades: result.trades,
            netReturn: result.netReturn,
            maxDrawdown: result.maxDrawdown,
          },
    health: [...dailyHealth(record, replaying, HEALTH_DAYS)],
    readiness:
      target === null || limits === undefined
        ? null
        : {
            ...readinessOf({
              target,
              since: await countedFrom(since, target, main, repository),
              asOf,
              weeksAsked: limits.weeks,
              gatesAt: gatesAt(limits),
            }),
            obstacle: await obstacleTo(strategy, target, { repository, state, main }),
          },
  };
}

async function replayOf(
  record: ForwardRecord,
  commit: CommitHash | null,
  market: ForwardMarket | null,
  repository: Repository,
): Promise<Replaying> {
  if (market === null) return { ok: false, why: 'the candles that the engine trades on are not at hand' };
  if (commit === null)
    return { ok: false, why: `commit ${record.commit.slice(0, 12)}, which it was loaded from, is not in this repository` };
  try {
    const { artifact, manifest } = await readVersion(record.strategy, await strategyFiles(repository, commit, record.strategy));
    return await replayForward(record, { artifact, parameters: manifest.parameters }, market);
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return { ok: false, why: error.message.replace(/\.$/, '') };
  }
}

/** A version that runs, measured for its forecasts as memory does: by the trades it closed. */
function standingOf(record: ForwardRecord, replaying: Replaying): Standing {
  return {
    state: 'ran',
    run: { since: record.since, until: null },
    stopped: null,
    measuredAt: (measure, at) => {
      const { result, days } = forwardFigures(record, replaying, at);
      if (result === null) return null;
      switch (measure) {
        case 'netReturn':
          return result.netReturn;
        case 'maxDrawdown':
          return result.maxDrawdown;
        case 'winRate':
          return result.winRate;
        case 'tradesPerDay':
          return days > 0 ? result.trades / days : null;
        default:
          return measure satisfies never;
      }
    },
  };
}

async function packAt(repository: Repository, commit: CommitHash, strategy: string): Promise<Pack | null> {
  const text = await readText(repository, commit, `strategies/${strategy}/${PACK_PATH}`);
  if (text === null) return null;
  try {
    const pack = Pack.safeParse(JSON.parse(text));
    return pack.success ? pack.data : null;
  } catch {
    // It was proven when it came; what cannot be read any more foretells nothing.
    return null;
  }
}

/** Weeks for more capital count from when it was given what it has: what it did with less says nothing of more. */
async function countedFrom(since: number, target: Target, main: CommitHash, repository: Repository): Promise<number> {
  return target === 'capital' ? Math.max(since, (await capitalSince(repository, main)) ?? since) : since;
}
