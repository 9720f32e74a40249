import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateBranch, StateReader } from '#engine/repository/state-branch.ts';

/** Folder on the state branch in which people's decisions about pull requests stand, one file a pull request. */
export const DECISIONS_FOLDER = 'decisions';

export function decisionsPath(number: number): string {
  return `${DECISIONS_FOLDER}/${number}.json`;
}

const PermissionLevel = z.enum(['none', 'read', 'triage', 'write', 'maintain', 'admin']);
const GitHash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** Who decides, by what right, and where it was said. */
export const Decider = z.strictObject({
  /** Login of a person; what the bot does by itself is not a decision. */
  by: z.string().min(1).max(100),
  /** What the forge said they may do, when they were asked. */
  permission: PermissionLevel,
  /** Id of the comment that said it; null when it was said another way, such as a box of the dashboard. */
  comment: z.int().positive().nullable(),
});
export type Decider = z.infer<typeof Decider>;

export const DecisionKind = z.enum(['approve', 'hold', 'release', 'merge', 'close', 'promote', 'roll-back']);
export type DecisionKind = z.infer<typeof DecisionKind>;

/** What one person decided about one pull request at one commit. */
export const Decision = z.strictObject({
  kind: DecisionKind,
  ...Decider.shape,
  /** Head of the pull request that was decided about. */
  head: GitHash,
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
});
export type Decision = z.infer<typeof Decision>;

export const DecisionsFile = z.strictObject({
  schema: z.literal('ratchet/decisions/1'),
  pullRequest: z.int().positive(),
  /** In the order they were made; lines are only ever added. */
  decisions: z.array(Decision),
});
export type DecisionsFile = z.infer<typeof DecisionsFile>;

/**
 * What people decided about a pull request, oldest first.
 * @throws RatchetError `life/decisions` when the file is not what the bot writes: nothing is guessed, and nothing merged
 */
export async function readDecisions(state: StateReader, number: number): Promise<readonly Decision[]> {
  const path = decisionsPath(number);
  const text = await state.readText(path);
  if (text === null) return [];
  try {
    const file = DecisionsFile.parse(JSON.parse(text));
    if (file.pullRequest === number) return file.decisions;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path, null);
}

/** Adds a decision. The same comment decides the same thing once, however often its job runs. */
export async function recordDecision(state: StateBranch, number: number, decision: Decision): Promise<void> {
  const { kind, by, comment } = Decision.parse(decision);
  await state.update(`decisions: #${number} ${kind} by ${by}`, async (current) => {
    const known = await readDecisions(current, number);
    const isKnown = comment !== null && known.some((one) => one.kind === kind && one.comment === comment);
    if (isKnown) return new Map();
    const file: DecisionsFile = { schema: 'ratchet/decisions/1', pullRequest: number, decisions: [...known, decision] };
    return new Map([[decisionsPath(number), Buffer.from(`${canonicalJson(file)}\n`)]]);
  });
}

/** Whoever said hold last, while nobody has released it since; null when it is free. */
export function heldBy(decisions: readonly Decision[]): Decision | null {
  const last = decisions.findLast(({ kind }) => kind === 'hold' || kind === 'release');
  return last?.kind === 'hold' ? last : null;
}

/** The approvals of exactly this head, the last of each person. */
export function approvalsOf(decisions: readonly Decision[], head: string): readonly Decision[] {
  const own = decisions.filter((one) => one.kind === 'approve' && one.head === head);
  return own.filter((one, index) => own.findLastIndex(({ by }) => by === one.by) === index);
}

function unreadable(path: string, cause: unknown): RatchetError {
  return new RatchetError(
    'life/decisions',
    `${path} on ratchet/state cannot be read, so what people decided is not known.`,
    'Look at who changed it (git log ratchet/state) and bring back what stood there; nothing is merged until then.',
    { path },
    cause,
  );
}
