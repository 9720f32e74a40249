import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { roleOf } from '#bot/forge/queries/accounts.ts';
import { protectionText, rulesetsOf } from '#bot/forge/queries/references.ts';
import type { RepositoryRow, RulesetRow } from '#bot/forge/queries/rows.ts';
import { bypassOf } from './bypass.ts';
import { ProtectionSettings, type RulesetRule, RulesetSettings } from './settings.ts';

export interface RequiredCheck {
  context: string;
  /** Only this app's word counts; null: anyone's. */
  appId: number | null;
}

/** What a branch demands of one actor, from classic protection and rulesets together. */
export interface BranchRules {
  requiredChecks: RequiredCheck[];
  /** The head must hold the newest base. */
  strict: boolean;
  /** Null: pushing straight to the branch is allowed. */
  review: { approvals: number; dismissStale: boolean } | null;
  linearHistory: boolean;
  forwardOnly: boolean;
  mayCreate: boolean;
  mayUpdate: boolean;
  mayDelete: boolean;
  mergeMethods: ReadonlySet<string>;
}

const everyMethod = new Set(['merge', 'squash', 'rebase']);

function unprotected(): BranchRules {
  return {
    requiredChecks: [],
    strict: false,
    review: null,
    linearHistory: false,
    forwardOnly: false,
    mayCreate: true,
    mayUpdate: true,
    mayDelete: true,
    mergeMethods: everyMethod,
  };
}

export function protectionOf(forge: ForgeContext, repository: RepositoryRow, branch: string): ProtectionSettings | null {
  const text = protectionText(forge.database, repository.id, branch);
  return text === undefined ? null : ProtectionSettings.parse(JSON.parse(text));
}

export function isProtected(forge: ForgeContext, repository: RepositoryRow, branch: string): boolean {
  return protectionOf(forge, repository, branch) !== null || rulesetsFor(forge, repository, branch).length > 0;
}

/** The active rulesets whose conditions name the branch. */
export function rulesetsFor(
  forge: ForgeContext,
  repository: RepositoryRow,
  branch: string,
): Array<{ row: RulesetRow; settings: RulesetSettings }> {
  return rulesetsOf(forge.database, repository.id)
    .map((row) => ({ row, settings: RulesetSettings.parse(JSON.parse(row.settings)) }))
    .filter(({ settings }) => settings.enforcement === 'active' && namesBranch(settings, repository, branch));
}

/** Where a rule was written: GitHub answers for each in other words. */
export type RuleSource = 'protection' | 'rulesets';

/**
 * What the branch demands of this actor; pass null for what it demands of someone with no right to bypass.
 * @param way some may pass a ruleset only by merging a pull request
 * @param from which rules count
 */
export function rulesFor(
  forge: ForgeContext,
  repository: RepositoryRow,
  branch: string,
  actor: Actor | null,
  way: 'push' | 'merge' = 'push',
  from: readonly RuleSource[] = ['protection', 'rulesets'],
): BranchRules {
  const rules = unprotected();
  const protection = from.includes('protection') ? protectionOf(forge, repository, branch) : null;
  if (protection !== null && !(protection.enforce_admins !== true && isAdministrator(forge, repository, actor))) {
    addProtection(rules, protection, actor);
  }
  if (!from.includes('rulesets')) return rules;
  for (const { settings } of rulesetsFor(forge, repository, branch)) {
    const bypass = actor === null ? 'never' : bypassOf(forge, repository, settings, actor);
    if (bypass === 'always' || bypass === 'exempt' || (bypass === 'pull_requests_only' && way === 'merge')) continue;
    for (const rule of settings.rules) addRule(rules, rule);
  }
  return rules;
}

function isAdministrator(forge: ForgeContext, repository: RepositoryRow, actor: Actor | null): boolean {
  return actor?.kind === 'user' && roleOf(forge.database, repository, actor.user.id) === 'admin';
}

function addProtection(rules: BranchRules, settings: ProtectionSettings, actor: Actor | null): void {
  const checks = settings.required_status_checks;
  if (checks !== null) {
    rules.strict ||= checks.strict;
    const named = checks.checks ?? checks.contexts.map((context) => ({ context, app_id: null }));
    // -1 is GitHub's way to say "any app".
    rules.requiredChecks.push(
      ...named.map((check) => ({ context: check.context, appId: (check.app_id ?? -1) < 0 ? null : check.app_id! })),
    );
  }
  const reviews = settings.required_pull_request_reviews;
  if (reviews !== null && !isNamed(reviews.bypass_pull_request_allowances, actor)) {
    rules.review = { approvals: reviews.required_approving_review_count, dismissStale: reviews.dismiss_stale_reviews };
  }
  if (settings.restrictions !== null && !isNamed(settings.restrictions, actor)) {
    rules.mayUpdate = false;
    rules.mayCreate &&= !settings.block_creations;
  }
  rules.linearHistory ||= settings.required_linear_history;
  rules.forwardOnly ||= settings.allow_force_pushes !== true;
  rules.mayDelete &&= settings.allow_deletions;
  rules.mayUpdate &&= !settings.lock_branch;
}

function isNamed(names: { users?: readonly string[]; apps?: readonly string[] } | undefined, actor: Actor | null): boolean {
  switch (actor?.kind) {
    case 'user':
      return names?.users?.includes(actor.user.login) ?? false;
    case 'installation':
      return names?.apps?.includes(actor.app.slug) ?? false;
    default:
      return false;
  }
}

function addRule(rules: BranchRules, rule: RulesetRule): void {
  switch (rule.type) {
    case 'creation':
      rules.mayCreate = false;
      return;
    case 'update':
      rules.mayUpdate = false;
      return;
    case 'deletion':
      rules.mayDelete = false;
      return;
    case 'required_linear_history':
      rules.linearHistory = true;
      return;
    case 'non_fast_forward':
      rules.forwardOnly = true;
      return;
    case 'pull_request': {
      const {
        required_approving_review_count: approvals,
        dismiss_stale_reviews_on_push: dismissStale,
        allowed_merge_methods: methods,
      } = rule.parameters;
      rules.review = {
        approvals: Math.max(approvals, rules.review?.approvals ?? 0),
        dismissStale: dismissStale || (rules.review?.dismissStale ?? false),
      };
      if (methods !== undefined) rules.mergeMethods = new Set(methods.filter((method) => rules.mergeMethods.has(method)));
      return;
    }
    case 'required_status_checks':
      rules.strict ||= rule.parameters.strict_required_status_checks_policy;
      for (const check of rule.parameters.required_status_checks) {
        rules.requiredChecks.push({ context: check.context, appId: check.integration_id ?? null });
      }
      return;
  }
}

function namesBranch(settings: RulesetSettings, repository: RepositoryRow, branch: string): boolean {
  const matches = (pattern: string) => {
    if (pattern === '~ALL') return true;
    if (pattern === '~DEFAULT_BRANCH') return branch === repository.default_branch;
    return globOf(pattern).test(`refs/heads/${branch}`);
  };
  const { include, exclude } = settings.conditions.ref_name;
  return include.some(matches) && !exclude.some(matches);
}

/** `*` stays inside one part of a name, `**` crosses slashes, `?` is one character. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*|\*|\?/g, (wild) => (wild === '**' ? '.*' : wild === '*' ? '[^/]*' : '[^/]'));
  return new RegExp(`^${source}$`);
}
