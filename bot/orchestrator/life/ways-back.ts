import { percent } from '#bot/evidence/numbers.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { readText } from '#bot/gates/context.ts';
import { RatchetError } from '#engine/errors.ts';
import type { EngineReport, StrategyReport } from '#engine/runtime/report.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { type LifeOptions, tipOfMain } from './life-options.ts';
import { proposeRollBack } from './roll-back.ts';
import { sayOnce } from './say-once.ts';

/** The label of the issue in which the engine's trouble is told. */
const ENGINE_LABEL = 'ratchet:engine';

/** A version on main that failed where it runs. */
export interface Trouble {
  readonly strategy: string;
  /** Its tree. */
  readonly tree: string;
  /** The tree to go back to; null for the version before. */
  readonly backTo: string | null;
  /** One sentence. */
  readonly why: string;
}

/** What a version promised of itself, the worst fall that ends it: `prediction.killRule` of its evidence. */
export type KillRule = NonNullable<Pack['prediction']>['killRule'];

/**
 * Codes by which the engine says that a version failed by itself: it faulted, or lost more than its stage allows. All others are about
 * signatures, keys or the machine.
 */
const FAILED: readonly string[] = ['quarantined', 'fault', 'breach'];

/** Versions that main asks for and that failed in the engine: what ran before goes on, or nothing decides any more. */
export function failedVersions(status: EngineStatus): readonly Trouble[] {
  return status.strategies.flatMap(({ id, code, reason, tree, desiredTree }) => {
    if (!FAILED.includes(code) || desiredTree === null) return [];
    // Main asks for another already, which waits for its first bar.
    if (code === 'breach' && tree !== desiredTree) return [];
    const why = `The engine says of the version on main: ${reason}.`.replace(/\.\.$/, '.');
    return [{ strategy: id, tree: desiredTree, backTo: tree === desiredTree ? null : tree, why }];
  });
}

/**
 * The fall that breaks a version's own kill rule, when it is deeper than the rule allows, measured on the days since it was loaded.
 * @param killRule null for a version that promised nothing
 * @returns null while the promise is kept, or nothing can be said
 */
export function breachOf(report: StrategyReport, killRule: KillRule | null): Trouble | null {
  if (killRule === null) return null;
  const loaded = new Date(report.loadedInstant).toISOString().slice(0, 10);
  let highest = Number.NEGATIVE_INFINITY;
  let deepest = 0;
  for (const [day, equity] of report.dailyEquity) {
    if (day < loaded) continue;
    highest = Math.max(highest, equity);
    if (highest > 0) deepest = Math.max(deepest, 1 - equity / highest);
  }
  if (deepest <= killRule.maxDrawdown) return null;
  const why = `It has fallen by ${percent(deepest)} since it was loaded on ${loaded}; its own evidence names ${percent(killRule.maxDrawdown)} as the fall at which it is to be stopped.`;
  return { strategy: report.id, tree: report.tree, backTo: null, why };
}

/**
 * Opens a way back for each version on main that failed or broke its own kill rule, once for each, and tells it where the engine's
 * trouble is told. It is the bot's wish: policies that want a person refuse it until one approves. Gives what was done, a sentence each.
 */
export async function proposeWaysBack(
  { status, report }: { status: EngineStatus | null; report: EngineReport | null },
  options: LifeOptions,
): Promise<readonly string[]> {
  const failed = status === null ? [] : failedVersions(status);
  const broken = await breachesIn(report, options);
  const troubles = [...failed, ...broken.filter(({ strategy }) => !failed.some((one) => one.strategy === strategy))];
  if (troubles.length === 0) return [];
  const { api, repository, log, botLogin } = options;
  const base = await tipOfMain(options);
  const issue = failed.length === 0 ? null : ((await api.issues.listOpenBy(botLogin, ENGINE_LABEL))[0]?.number ?? null);
  const said: string[] = [];
  for (const { strategy, tree, backTo, why } of troubles) {
    // What the engine reports of may be older than main: a version that main has left needs no way back.
    if ((await repository.treeOf(base, `strategies/${strategy}`)) !== tree) continue;
    try {
      const { number, isNew } = await proposeRollBack({ strategy, version: backTo, by: null, why, issue }, options);
      if (issue !== null)
        await sayOnce(issue, `way-back-${number}`, `A way back for \`${strategy}\`: #${number}. A person decides.`, options);
      if (isNew) said.push(`Opened #${number}, a way back for ${strategy}.`);
    } catch (error) {
      // The first version has nothing before it: then the issue is all there is to say.
      if (!(error instanceof RatchetError) || !error.code.startsWith('life/')) throw error;
      log.info({ strategy, error: error.message }, 'There is no way back.');
    }
  }
  return said;
}

async function breachesIn(report: EngineReport | null, { repository }: LifeOptions): Promise<readonly Trouble[]> {
  const found: Trouble[] = [];
  for (const one of report?.strategies ?? []) {
    const commit = await repository.resolve(one.commit);
    const text = commit === null ? null : await readText(repository, commit, `strategies/${one.id}/${PACK_PATH}`);
    const breach = breachOf(one, text === null ? null : killRuleIn(text));
    if (breach !== null) found.push(breach);
  }
  return found;
}

function killRuleIn(text: string): KillRule | null {
  try {
    const pack = Pack.safeParse(JSON.parse(text));
    return pack.success ? (pack.data.prediction?.killRule ?? null) : null;
  } catch {
    // It was proven when it came; what cannot be read any more promises nothing.
    return null;
  }
}
