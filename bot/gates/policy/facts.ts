import { z } from 'zod';
import type { Pack } from '#bot/evidence/pack.ts';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import { type ForwardEvidence, READINESS_GATES } from '#bot/gates/forward-evidence.ts';
import { GATE_NAMES } from '#bot/gates/outcome.ts';
import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';

const RUN = { netReturn: 'double', maxDrawdown: 'double', trades: 'double' } as const;
const PAIR = { candidate: 'double', incumbent: 'double' } as const;

/**
 * Everything a policy may speak of, with its CEL type: the one list from which the type checker, the schema of test cases
 * and the TypeScript type are made. Every number is a CEL double. Any leaf may be absent: `has()` asks, and using what is
 * absent denies.
 */
export const FACTS = {
  change: { author: 'string', paths: 'list<string>' },
  strategy: { id: 'string', stage: 'string', stageBefore: 'string', ranBefore: 'bool', steps: 'double', onlyStage: 'bool' },
  evidence: {
    selection: { candidate: RUN, incumbent: RUN },
    development: { candidate: RUN, incumbent: RUN },
    costs: { doubled: PAIR, tripled: PAIR },
    delayedOneBar: PAIR,
    trials: 'double',
    trialsEver: 'double',
    statistics: {
      deflatedSharpe: 'double',
      probabilisticSharpe: 'double',
      overfittingProbability: 'double',
      trialsEffective: 'double',
      minTrackRecordDays: 'double',
    },
  },
  /** What the very version did outside backtests at the stage before, as `ratchet readiness` has published it. */
  forward: {
    days: 'double',
    trades: 'double',
    netReturn: 'double',
    maxDrawdown: 'double',
    isReady: 'bool',
    weeksHeld: 'double',
    weeksAsked: 'double',
    gates: Object.fromEntries(READINESS_GATES.map((gate) => [gate, 'string' as const])),
  },
  /** The limits of `policies/risk.yaml` for the stage asked for. */
  risk: { maxDrawdown: 'double', dailyLoss: 'double' },
  /** What the gates before this one found. */
  gates: Object.fromEntries(GATE_NAMES.filter((name) => name !== 'policy').map((name) => [name, 'string' as const])),
} as const;

type FactSchema = 'double' | 'string' | 'bool' | 'list<string>' | { readonly [name: string]: FactSchema };

type Fact<T> = T extends 'double'
  ? number
  : T extends 'string'
    ? string
    : T extends 'bool'
      ? boolean
      : T extends 'list<string>'
        ? readonly string[]
        : { readonly [K in keyof T]?: Fact<T[K]> };

/** What is known of one part of a change. A value nobody has is absent, never null and never NaN. */
export type PolicyFacts = { readonly [K in keyof typeof FACTS]: Fact<(typeof FACTS)[K]> };

/** The same as a schema for text that people write: the cases beside a policy. */
export const PolicyFactsSchema = z.strictObject(
  Object.fromEntries(Object.entries(FACTS).map(([name, schema]) => [name, zodOf(schema).default({})])),
) as unknown as z.ZodType<PolicyFacts>;

function zodOf(schema: FactSchema): z.ZodType {
  switch (schema) {
    case 'double':
      return z.number();
    case 'string':
      return z.string();
    case 'bool':
      return z.boolean();
    case 'list<string>':
      return z.array(z.string());
    default:
      return z.strictObject(Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, zodOf(inner).optional()])));
  }
}

/**
 * Refuses facts that no expression may be asked about: numbers that are not finite, because in CEL `!(NaN > 0.2)` is true,
 * and paths that are written in more than one way, because a pattern would miss them.
 * @throws RatchetError `policy/facts`
 */
export function checkFacts(facts: PolicyFacts): void {
  refuseNotFinite(facts, '');
  for (const path of facts.change.paths ?? []) {
    if (!isNormal(path)) throw badFact('change.paths', `${JSON.stringify(path)} is not a plain path`);
  }
}

/** One path, one spelling: no empty, `.` or `..` steps, no backslash, no control character, composed Unicode. */
export function isNormal(path: string): boolean {
  if (path.normalize('NFC') !== path || path.includes('\\')) return false;
  if ([...path].some((character) => character < ' ' || character === '\u007f')) return false;
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..');
}

function refuseNotFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw badFact(path, `it is ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) refuseNotFinite(item, path === '' ? key : `${path}.${key}`);
}

function badFact(path: string, why: string): RatchetError {
  return new RatchetError('policy/facts', `The fact ${path} cannot be judged: ${why}.`, 'It denies; make the evidence again.', {
    path,
  });
}

/** The fact that a dotted name points to; undefined when it is absent. */
export function factAt(facts: PolicyFacts, name: string): unknown {
  let value: unknown = facts;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** The part of the facts that does not come from the evidence. */
export interface ChangeFacts {
  readonly author: AuthorClass;
  readonly paths: readonly string[];
  /** `none` when the head no longer has the strategy. */
  readonly stage: string;
  /** `none` when the base does not have it yet. */
  readonly stageBefore: string;
  readonly gates: Readonly<Record<string, string>>;
  /** The very tree was signed and on main before. */
  readonly ranBefore?: boolean;
  /** It is the base's version to the byte, but for the line of the stage. */
  readonly onlyStage?: boolean;
  readonly forward?: PolicyFacts['forward'];
  readonly risk?: PolicyFacts['risk'];
}

/** Facts about a changed strategy. @param pack its evidence; null when it needs none: it is retired, or ran before */
export function factsOf(strategy: string, pack: Pack | null, change: ChangeFacts): PolicyFacts {
  return {
    change: { author: change.author, paths: change.paths },
    strategy: {
      id: strategy,
      stage: change.stage,
      stageBefore: change.stageBefore,
      ranBefore: change.ranBefore ?? false,
      steps: stepsBetween(change.stageBefore, change.stage),
      onlyStage: change.onlyStage ?? false,
    },
    evidence: pack === null ? {} : evidenceFacts(pack),
    forward: change.forward ?? {},
    risk: change.risk ?? {},
    gates: change.gates,
  };
}

/** Stages up from one to another, down when negative; 0 where either is none: what is new or gone was not promoted. */
function stepsBetween(before: string, after: string): number {
  const [from, to] = [before, after].map((stage) => Stage.options.indexOf(stage as Stage));
  return from! < 0 || to! < 0 ? 0 : to! - from!;
}

/** What was published of a version; a value nobody has is absent. */
export function forwardFacts({ days, result, readiness }: ForwardEvidence): PolicyFacts['forward'] {
  return {
    days,
    ...(result === null ? {} : { trades: result.trades, netReturn: result.netReturn, maxDrawdown: result.maxDrawdown }),
    ...(readiness === null
      ? {}
      : {
          isReady: readiness.isReady,
          weeksHeld: readiness.weeksHeld,
          weeksAsked: readiness.weeksAsked,
          gates: Object.fromEntries(readiness.gates.map(({ gate, verdict }) => [gate, verdict])),
        }),
  };
}

/** Facts about a new version with its evidence. */
export function factsFromPack(pack: Pack, change: ChangeFacts): PolicyFacts {
  return factsOf(pack.strategy, pack, change);
}

/** Facts about the paths of a change that belong to no changed strategy. */
export function factsWithoutStrategy(change: Pick<ChangeFacts, 'author' | 'paths' | 'gates'>): PolicyFacts {
  const { author, paths, gates } = change;
  return { change: { author, paths }, strategy: {}, evidence: {}, forward: {}, risk: {}, gates };
}

function evidenceFacts(pack: Pack): PolicyFacts['evidence'] {
  const run = ({ metrics }: Pack['candidate']['selection']) => ({
    netReturn: metrics.netReturn,
    maxDrawdown: metrics.maxDrawdown,
    trades: metrics.trades,
  });
  return {
    selection: { candidate: run(pack.candidate.selection), incumbent: run(pack.incumbent.selection) },
    development: { candidate: run(pack.candidate.development), incumbent: run(pack.incumbent.development) },
    costs: { doubled: costs(pack, 2), tripled: costs(pack, 3) },
    delayedOneBar: pack.delayedOneBar,
    trials: pack.search.trials,
    trialsEver: pack.search.trialsEver,
    statistics: statisticsFacts(pack.statistics),
  };
}

/** A number the pack could not compute is null there, and absent here. */
function statisticsFacts(statistics: Pack['statistics']): Record<string, number> {
  const known = {
    deflatedSharpe: statistics.deflatedSharpe,
    probabilisticSharpe: statistics.probabilisticSharpe,
    overfittingProbability: statistics.overfitting.probability,
    trialsEffective: statistics.trials.effective,
    minTrackRecordDays: statistics.minTrackRecordDays,
  };
  return Object.fromEntries(Object.entries(known).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

function costs(pack: Pack, multiplier: number): { candidate?: number; incumbent?: number } {
  const found = pack.costs.find((item) => item.multiplier === multiplier);
  return found === undefined ? {} : { candidate: found.candidate, incumbent: found.incumbent };
}
