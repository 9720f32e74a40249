import type { GateResult } from '#bot/evidence/gate-result.ts';
import { type GateContext, openChange } from '#bot/gates/context.ts';
import { failure, success } from '#bot/gates/outcome.ts';
import { judgeChange } from '#bot/gates/policy/judge-change.ts';
import type { Issue, IssuesApi } from '#bot/github/issues-api.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { explain } from '#engine/errors.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import { CHEAT_NAMES, type Cheat, cheatNamed, cheatOf } from './canaries/cheats.ts';
import { prepareScene } from './canaries/scene.ts';
import { withThrowAway } from './canaries/throw-away.ts';
import type { CanaryName } from './canaries/uncaught.ts';
import { type Expectation, type Verdict, verdictOn } from './canaries/verdict.ts';

/** On the issues that this file opens and closes, for people: what holds stands in the ledger. */
export const CANARY_LABEL = 'ratchet:canary';

/** What the gates are handed for a canary: everything of it lies in the throw-away. */
export type CanaryChange = Pick<GateContext, 'repository' | 'state' | 'candles' | 'author'> & {
  readonly base: string;
  readonly head: string;
};

/** Where a canary that got past is told. */
export type IssueBook = Pick<IssuesApi, 'listOpen' | 'open' | 'comment' | 'close'>;

export interface CanaryTask {
  /** The deployment's mirror, as it was last fetched. It is read only. */
  readonly repository: Repository;
  readonly issues: IssueBook;
  readonly candles: CandleStore;
  readonly base: CommitHash;
  readonly strategy: string;
  readonly cycle: string;
  readonly asOf: number;
  readonly author: Person;
  /** What the ledger has of this night's canaries already, when it is run again. */
  readonly recorded: readonly CanaryReport[];
  /** Those that the gates let through when they last were judged. */
  readonly uncaught: readonly string[];
  /** Runs every gate, as for any change. */
  readonly prove: (change: CanaryChange) => Promise<readonly GateResult[]>;
}

export interface CanaryReport extends Verdict {
  /** A `CanaryName`, or what an older ledger called one. */
  readonly canary: string;
}

export interface Flown {
  readonly canaries: readonly CanaryReport[];
  /** Why nothing may be proposed, one sentence; null when every canary was stopped where it should be, or could not be judged. */
  readonly alarm: string | null;
}

const NULL: Expectation & { readonly deceit: string } = {
  deceit: 'tosses a coin and says so in honest numbers',
  stoppedBy: ['policy'],
  seenBy: ['backtest'],
};

/**
 * Sends one null strategy and one cheat through the gates: the night's own, and those that were not stopped before and not since. A
 * canary that gets past the gate that is there for it opens an issue, and the alarm stays until a night stops the same one again. A night that
 * is run again does not send those again that were stopped.
 */
export async function flyCanaries(task: CanaryTask): Promise<Flown> {
  const { uncaught } = task;
  const isDone = task.recorded.length > 0 && task.recorded.every(({ outcome }) => outcome === 'stopped');
  if (isDone && uncaught.length === 0) return { canaries: task.recorded, alarm: null };
  const owed = CHEAT_NAMES.filter((name) => uncaught.includes(name));
  const cheats = [...new Set([cheatOf(task.cycle), ...owed])].map(cheatNamed);
  const canaries = await judgeAll(task, cheats);
  const open = await task.issues.listOpen(CANARY_LABEL);
  for (const report of canaries) await tell(task, report, open);
  const slipped = canaries.filter(({ outcome }) => outcome === 'slipped').map(({ canary }) => canary);
  const isJudged = (name: string) => canaries.some(({ canary, outcome }) => canary === name && outcome !== 'not-judged');
  const unsettled = uncaught.filter((name) => !isJudged(name));
  return { canaries, alarm: alarmOf(slipped, unsettled) };
}

function alarmOf(slipped: readonly string[], unsettled: readonly string[]): string | null {
  if (slipped.length > 0)
    return `The gates let through what they exist to stop (canary ${slipped.join(', ')}), so nothing is proposed.`;
  if (unsettled.length > 0)
    return `A canary that the gates let through has not been stopped since (${unsettled.join(', ')}), so nothing is proposed.`;
  return null;
}

async function judgeAll(task: CanaryTask, cheats: readonly Cheat[]): Promise<readonly CanaryReport[]> {
  const { base: main, strategy, candles, author, asOf, cycle } = task;
  try {
    return await withThrowAway(task.repository, { author, clock: () => asOf }, async (copy) => {
      const scene = await prepareScene({ copy, main, strategy, candles, cheats, seed: seedOf(cycle), author, asOf });
      const changeTo = (head: CommitHash): CanaryChange => ({ ...copy, candles, base: scene.base, head, author: 'bot' });
      const { report, isSound } = await judgeNull(task, changeTo(scene.null));
      const reports = [report];
      for (const [index, cheat] of cheats.entries()) {
        const verdict = verdictOn(cheat, await task.prove(changeTo(scene.cheats[index]!)));
        // Where honest evidence is refused as well, its refusal says nothing of the lie.
        const isMoot = !isSound && verdict.outcome === 'stopped' && cheat.stoppedBy.includes('backtest');
        reports.push({ canary: cheat.name, ...verdict, ...(isMoot ? moot(report.sentence) : {}) });
      }
      return reports;
    });
  } catch (error) {
    // The night goes on: whatever keeps canaries from being judged keeps a proposal from being proven as well.
    const names: readonly CanaryName[] = ['null', ...cheats.map(({ name }) => name)];
    return names.map((canary) => ({ canary, stops: [], ...moot(explain(error)) }));
  }
}

/**
 * The null strategy must be refused by policy for its numbers, asked as if nothing before had stopped it. Its evidence is honest: when
 * the gate does not make it again, the scene is unsound.
 */
async function judgeNull(task: CanaryTask, change: CanaryChange): Promise<{ report: CanaryReport; isSound: boolean }> {
  const results = await task.prove(change);
  const alone = await policyAlone(change);
  const verdict = verdictOn(
    NULL,
    results.map((result) => (isPolicyRefusal(result) ? alone : result)),
  );
  const proof = results.find(({ gate }) => gate === 'backtest');
  const isSound = proof?.conclusion === 'success' || proof?.isMadeAgain === true;
  const isMoot = !isSound && verdict.outcome === 'stopped';
  const why = `its honest evidence was refused: ${proof?.title ?? 'backtest did not run'}`;
  return { report: { canary: 'null', ...verdict, ...(isMoot ? moot(why) : {}) }, isSound };
}

function isPolicyRefusal({ gate, conclusion, couldNotLook }: GateResult): boolean {
  return gate === 'policy' && conclusion === 'failure' && couldNotLook !== true;
}

/** What policy says of the numbers, whatever the gates before it found. */
async function policyAlone(change: CanaryChange): Promise<GateResult> {
  const judgements = await judgeChange(await openChange(change), {});
  const denied = judgements.flatMap(({ rulings }) => rulings).find(({ isAllowed }) => !isAllowed);
  if (denied !== undefined) return failure('policy', denied.sentence, denied.sentence);
  return success('policy', 'The numbers of a null strategy are allowed', 'No rule refuses them.');
}

function moot(why: string): Pick<Verdict, 'outcome' | 'sentence'> {
  return { outcome: 'not-judged', sentence: `Nothing is known of it: ${why}` };
}

/** Opens the issue of a canary that got past, closes that of one that is stopped again. */
async function tell(
  { issues, cycle }: CanaryTask,
  { canary, outcome, sentence, stops }: CanaryReport,
  open: readonly Issue[],
): Promise<void> {
  const issue = open.find(({ title }) => title === titleOf(canary));
  if (outcome === 'stopped' && issue !== undefined) {
    await issues.comment(issue.number, `Night ${cycle}: it is stopped again. ${sentence}`);
    await issues.close(issue.number);
  }
  if (outcome !== 'slipped' || issue !== undefined) return;
  const cheat = CHEAT_NAMES.find((name) => name === canary);
  const { deceit } = cheat === undefined ? NULL : cheatNamed(cheat);
  const body = [
    `In night ${cycle} a canary that ${deceit} went through the gates, and they did not stop it as they should. ${sentence}`,
    '',
    ...stops.map(({ gate, sentence: found }) => `- \`${gate}\`: ${found}`),
    '',
    'Until a night stops it again nothing is proposed and nothing is merged by policy, whether this issue is open or closed.',
    'Find what changed about the gates, the policies or the sandbox since the last night whose report says it was stopped; what was merged in between deserves a second look.',
  ].join('\n');
  await issues.open(titleOf(canary), body, [CANARY_LABEL]);
}

function titleOf(canary: string): string {
  return `A canary got past the gates: ${canary}`;
}

/** Another random strategy each night, and the same when the night is run again. */
function seedOf(cycle: string): number {
  return Number(cycle.replace('-', '')) % 1_000_000_000 || 1;
}

/** What a night says of them, a line each. */
export function describeCanary({ canary, outcome, sentence }: CanaryReport): string {
  return `${canary} ${outcome === 'not-judged' ? 'NOT JUDGED' : outcome === 'slipped' ? 'GOT PAST THE GATES' : 'stopped'}: ${sentence}`;
}
