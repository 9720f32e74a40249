import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { Stage, StrategyId } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { Target } from './readiness-policy.ts';

/** Folder on the state branch with what each version has shown outside backtests, one file a strategy. */
export const FORWARD_FOLDER = 'forward';

export function forwardPath(strategy: string): string {
  return `${FORWARD_FOLDER}/${StrategyId.parse(strategy)}.json`;
}

/** In the order in which they are shown. */
export const READINESS_GATES = ['uptime', 'decisions', 'data', 'stability', 'edge', 'drawdown', 'parity'] as const;
export type ReadinessGate = (typeof READINESS_GATES)[number];

export const Verdict = z.enum(['pass', 'fail', 'not-enough']);
export type Verdict = z.infer<typeof Verdict>;

const Millis = z.int();
const Count = z.int().min(0);
const Share = z.number().min(0).max(1);

/** One of the seven. */
export const GateReading = z.strictObject({
  gate: z.enum(READINESS_GATES),
  verdict: Verdict,
  /** What was measured, and what is asked; null where there is nothing to measure or to ask. Units are those of `policies/readiness.yaml`. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
  /** One sentence. */
  sentence: z.string().max(600),
});
export type GateReading = z.infer<typeof GateReading>;

const ReadinessFields = z.strictObject({
  /** What it is asked for: the next stage, or more capital at the last one. */
  target: Target,
  /** End of the week that was judged, market time, UTC milliseconds. */
  week: Millis,
  gates: z.array(GateReading).length(READINESS_GATES.length),
  /** Weekly reports in a row, this one included, in which all gates passed, and how many are asked. */
  weeksHeld: Count,
  weeksAsked: Count,
  /** All hold, for long enough. */
  isReady: z.boolean(),
  /** Why the bot does not propose the stage however ready the version is, one sentence; null when nothing stands in the way. */
  obstacle: z.string().max(600).nullable(),
});

/** Nothing is ready because it says so: seven gates have to pass, each of them once, for as many weeks as are asked. */
export const Readiness = ReadinessFields.refine(
  ({ gates, weeksHeld, weeksAsked, isReady }) =>
    gates.every(({ gate }, at) => gate === READINESS_GATES[at]) &&
    isReady === (weeksHeld >= weeksAsked && weeksAsked > 0 && gates.every(({ verdict }) => verdict === 'pass')),
  'it says of itself what its gates do not say',
);
export type Readiness = z.infer<typeof Readiness>;

const DayOfHealth = z.strictObject({
  day: z.iso.date(),
  due: Count,
  made: Count,
  signals: Count,
  refused: Count,
  faults: Count,
  netResult: z.number(),
});

/** What one version has shown, as it is published by whoever has the engine's record. */
export const ForwardEvidence = z.strictObject({
  schema: z.literal('ratchet/forward/1'),
  strategy: StrategyId,
  /** The version: tree of its folder. What is published of one tree says nothing of another. */
  tree: z.string(),
  stage: Stage,
  /** Market time, UTC milliseconds. */
  since: Millis,
  asOf: Millis,
  /** Days of market time between them. */
  days: z.number().min(0),
  result: z
    .strictObject({
      /** What the backtester makes of the same days, of a version in shadow. */
      isHypothetical: z.boolean(),
      trades: Count,
      netReturn: z.number(),
      maxDrawdown: Share,
    })
    .nullable(),
  /** The last days, oldest first. */
  health: z.array(DayOfHealth).max(14),
  /** Null at the last stage, and where no policy asks for anything. */
  readiness: Readiness.nullable(),
});
export type ForwardEvidence = z.infer<typeof ForwardEvidence>;

export function forwardText(evidence: ForwardEvidence): string {
  return `${canonicalJson(ForwardEvidence.parse(evidence))}\n`;
}

/**
 * What was last published of a strategy; null when nothing was.
 * @throws RatchetError `gates/forward` when it is no such file
 */
export async function readForwardEvidence(state: StateReader, strategy: string): Promise<ForwardEvidence | null> {
  const path = forwardPath(strategy);
  const text = await state.readText(path);
  if (text === null) return null;
  try {
    const evidence = ForwardEvidence.parse(JSON.parse(text));
    if (evidence.strategy === strategy) return evidence;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path, null);
}

/**
 * What was last published of every strategy that runs, in the order of their ids.
 * @throws RatchetError `gates/forward` when a file there is none
 */
export async function publishedForward(state: StateReader): Promise<readonly ForwardEvidence[]> {
  const found: ForwardEvidence[] = [];
  for (const path of await state.list(FORWARD_FOLDER)) {
    const strategy = StrategyId.safeParse(path.slice(FORWARD_FOLDER.length + 1, -'.json'.length));
    if (!strategy.success || path !== forwardPath(strategy.data)) throw unreadable(path, null);
    const evidence = await readForwardEvidence(state, strategy.data);
    if (evidence !== null) found.push(evidence);
  }
  return found;
}

function unreadable(path: string, cause: unknown): RatchetError {
  return new RatchetError(
    'gates/forward',
    `${path} on ratchet/state is not what the bot publishes.`,
    'See git log ratchet/state for who changed it; it is written again with the next report.',
    { path },
    cause,
  );
}
