import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { noCommit } from '#bot/forge/git/references.ts';
import { htmlOf } from '#bot/forge/present/addresses.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { type BranchRules, type RuleSource, rulesFor } from './branch-rules.ts';
import { unmetCheck } from './required-checks.ts';

/** A reference asked to move: forty zeros before creates, forty zeros after deletes. */
export interface RefChange {
  ref: string;
  before: string;
  after: string;
}

/** Who says no: the forge itself, classic protection, or rulesets. */
type Refuser = 'forge' | RuleSource;

export interface RefRefusal {
  kind: 'refused';
  by: Refuser;
  /** Everything that stands against it, in GitHub's sentences; never empty. */
  reasons: readonly string[];
}

export type RefVerdict =
  | RefRefusal
  | {
      kind: 'allowed';
      /** Who refuses it should it turn out to be no fast-forward, which is for git to see; null when nobody does. */
      forwardOnly: RuleSource | null;
    };

const FORCE_PUSH = 'Cannot force-push to this branch';
const SOURCES: readonly RuleSource[] = ['protection', 'rulesets'];

/** Whether this actor may move the reference without a pull request. */
export function judgeRefChange(forge: ForgeContext, repository: RepositoryRow, actor: Actor, change: RefChange): RefVerdict {
  const refuse = (by: Refuser, ...reasons: string[]): RefVerdict => ({ kind: 'refused', by, reasons });
  if (change.ref.startsWith('refs/pull/')) return refuse('forge', 'References under refs/pull are kept by the forge.');
  if (!change.ref.startsWith('refs/heads/')) return { kind: 'allowed', forwardOnly: null };
  const branch = change.ref.slice('refs/heads/'.length);
  if (change.after === noCommit && branch === repository.default_branch)
    return refuse('forge', 'refusing to delete the current branch: the default branch cannot be deleted.');
  const isUpdate = change.before !== noCommit && change.after !== noCommit;
  let forwardOnly: RuleSource | null = null;
  for (const source of SOURCES) {
    const rules = rulesFor(forge, repository, branch, actor, 'push', [source]);
    const reasons = violations(forge, repository, change, rules, source);
    if (reasons.length > 0) return refuse(source, ...reasons);
    if (isUpdate && rules.forwardOnly) forwardOnly ??= source;
  }
  return { kind: 'allowed', forwardOnly };
}

function violations(
  forge: ForgeContext,
  repository: RepositoryRow,
  change: RefChange,
  rules: BranchRules,
  source: RuleSource,
): readonly string[] {
  const isClassic = source === 'protection';
  if (change.after === noCommit)
    return rules.mayDelete ? [] : [isClassic ? 'Cannot delete this protected branch' : 'Cannot delete this branch'];
  const isCreation = change.before === noCommit;
  const unmet = unmetCheck(forge, repository, change.after, rules.requiredChecks);
  return [
    ...(isCreation && !rules.mayCreate ? ['Cannot create ref due to creations being restricted.'] : []),
    ...(!isCreation && !rules.mayUpdate
      ? [isClassic ? 'You are not authorized to push to this branch.' : 'Cannot update this protected ref.']
      : []),
    ...(rules.review === null ? [] : ['Changes must be made through a pull request.']),
    ...(unmet === null ? [] : [unmet]),
  ];
}

/** The refusal of a move that is no fast-forward. */
export function forcePushRefusal(by: RuleSource): RefRefusal {
  return { kind: 'refused', by, reasons: [FORCE_PUSH] };
}

/** What the API says of a refusal. */
export function refusalMessage({ by, reasons }: RefRefusal): string {
  return by === 'rulesets' ? ruleViolations(reasons) : reasons[0]!;
}

/** GitHub's words, over the API, for what rulesets have against something. */
export function ruleViolations(reasons: readonly string[]): string {
  return `Repository rule violations found\n\n${reasons.map((reason) => `${reason}\n\n`).join('')}`;
}

/** What git prints of a refusal to whoever pushed, a line each. */
export function refusalLines(
  forge: ForgeContext,
  repository: RepositoryRow,
  ref: string,
  { by, reasons }: RefRefusal,
): readonly string[] {
  switch (by) {
    case 'forge':
      return reasons.map((reason) => `error: ${reason}`);
    case 'protection':
      return [`error: GH006: Protected branch update failed for ${ref}.`, ...reasons.map((reason) => `error: ${reason}`)];
    case 'rulesets': {
      const address = `${htmlOf(forge, repository)}/rules?ref=${encodeURIComponent(ref)}`;
      return [
        `error: GH013: Repository rule violations found for ${ref}.`,
        `Review all repository rules at ${address}`,
        '',
        ...reasons.map((reason) => `- ${reason}`),
        '',
      ];
    }
  }
}
