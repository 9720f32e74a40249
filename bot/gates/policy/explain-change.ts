import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { type ChangeContext, changedStrategies, openChange } from '../context.ts';
import { statementOver } from '../proven-before.ts';
import { type Judgement, judgeChange } from './judge-change.ts';

/** A change, and whose rules are to judge it. */
export interface ExplainTask {
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly author: AuthorClass;
  readonly head: string;
  /** The commit whose policies judge; left out, the one the change was signed on, else main. */
  readonly base?: string;
}

/** What each rule made of a change, with the values it saw. The same code judges in the gate. */
export interface Explanation {
  readonly base: string;
  readonly head: string;
  readonly isAllowed: boolean;
  /** Results of the gates before, when a signature says what they were; else null, and rules that ask for them deny. */
  readonly gates: Readonly<Record<string, string>> | null;
  readonly judgements: readonly Judgement[];
}

export async function explainChange({ base, ...shared }: ExplainTask): Promise<Explanation> {
  const { head: ref, repository } = shared;
  const present = await openChange({ ...shared, base: base ?? (await baseOf(ref, repository)) });
  const signed = await signedRun(present);
  const context = base !== undefined || signed === null ? present : await openChange({ ...shared, base: signed.base });
  const gates = signed?.base === context.base ? signed.gates : null;
  const judgements = await judgeChange(context, gates ?? {});
  const isAllowed = judgements.every(({ rulings }) => rulings.every((ruling) => ruling.isAllowed));
  return { base: context.base, head: context.head, isAllowed, gates, judgements };
}

/** Main; for what has come to main already, the commit before it there. */
async function baseOf(ref: string, repository: Repository): Promise<string> {
  const [head, main] = await Promise.all([repository.resolve(ref), repository.resolve('main')]);
  if (head === null || main === null || !(await repository.isOnFirstParentLine(head, main))) return 'main';
  return (await repository.firstParentLog(null, head)).at(-2)?.commit ?? 'main';
}

/** The base and the gates of the run that ended in a signature over a strategy of the head. */
async function signedRun(context: ChangeContext): Promise<{ base: string; gates: Readonly<Record<string, string>> } | null> {
  for (const id of await strategiesOf(context)) {
    const headTree = await context.repository.treeOf(context.head, `strategies/${id}`);
    const statement = await statementOver(context, { id, baseTree: null, headTree });
    const claim = statement?.predicate.ratchet;
    if (claim?.kind === 'gates') {
      const { policy: _policy, ...before } = claim.gates as Record<string, string>;
      return { base: claim.base, gates: before };
    }
  }
  return null;
}

/** Those that differ from the base now, and those that differed when a merged change was made. */
async function strategiesOf(context: ChangeContext): Promise<readonly string[]> {
  const changed = await changedStrategies(context);
  const touched = context.changes.flatMap(({ path }) => strategyOfPath(path) ?? []);
  return [...new Set([...changed.map(({ id }) => id), ...touched])];
}
