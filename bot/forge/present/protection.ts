import { holds, needs } from '#bot/forge/auth/access.ts';
import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { protectionOf, rulesFor } from '#bot/forge/protection/branch-rules.ts';
import { bypassOf } from '#bot/forge/protection/bypass.ts';
import { type ProtectionSettings, RulesetSettings } from '#bot/forge/protection/settings.ts';
import { appBySlug, userByLogin } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow, RulesetRow } from '#bot/forge/queries/rows.ts';
import { presentApp, presentUser } from './accounts.ts';
import { apiOf, htmlOf, isoTime, nodeId } from './addresses.ts';

function urlOf(forge: ForgeContext, repository: RepositoryRow, branch: string): string {
  return `${apiOf(forge, repository)}/branches/${encodeURIComponent(branch)}/protection`;
}

function checksOf(settings: NonNullable<ProtectionSettings['required_status_checks']>) {
  const checks = settings.checks ?? settings.contexts.map((context) => ({ context, app_id: null }));
  return {
    contexts: checks.map((check) => check.context),
    checks: checks.map((check) => ({ context: check.context, app_id: check.app_id ?? null })),
  };
}

/** The short form inside a branch: what it demands, whichever way it was set. */
export function presentBranchProtection(forge: ForgeContext, repository: RepositoryRow, branch: string) {
  const settings = protectionOf(forge, repository, branch);
  const rules = rulesFor(forge, repository, branch, null);
  const everyone = settings?.enforce_admins === true;
  return {
    enabled: settings !== null,
    required_status_checks: {
      enforcement_level: rules.requiredChecks.length === 0 ? 'off' : everyone ? 'everyone' : 'non_admins',
      contexts: rules.requiredChecks.map((check) => check.context),
      checks: rules.requiredChecks.map((check) => ({ context: check.context, app_id: check.appId })),
    },
  };
}

/** The long form of `GET …/protection`. */
export function presentProtection(forge: ForgeContext, repository: RepositoryRow, branch: string, settings: ProtectionSettings) {
  const url = urlOf(forge, repository, branch);
  const checks = settings.required_status_checks;
  const reviews = settings.required_pull_request_reviews;
  const actors = (names: { users?: string[]; apps?: string[] } | undefined) => ({
    users: (names?.users ?? [])
      .flatMap((login) => userByLogin(forge.database, login) ?? [])
      .map((user) => presentUser(forge, user)),
    teams: [],
    apps: (names?.apps ?? []).flatMap((slug) => appBySlug(forge.database, slug) ?? []).map((app) => presentApp(forge, app)),
  });
  return {
    url,
    ...(checks === null
      ? {}
      : {
          required_status_checks: {
            url: `${url}/required_status_checks`,
            strict: checks.strict,
            ...checksOf(checks),
            contexts_url: `${url}/required_status_checks/contexts`,
          },
        }),
    ...(reviews === null
      ? {}
      : {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: reviews.dismiss_stale_reviews,
            require_code_owner_reviews: reviews.require_code_owner_reviews,
            required_approving_review_count: reviews.required_approving_review_count,
            require_last_push_approval: reviews.require_last_push_approval,
            ...(reviews.bypass_pull_request_allowances === undefined
              ? {}
              : { bypass_pull_request_allowances: actors(reviews.bypass_pull_request_allowances) }),
          },
        }),
    ...(settings.restrictions === null
      ? {}
      : {
          restrictions: {
            url: `${url}/restrictions`,
            users_url: `${url}/restrictions/users`,
            teams_url: `${url}/restrictions/teams`,
            apps_url: `${url}/restrictions/apps`,
            ...actors(settings.restrictions),
          },
        }),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: settings.enforce_admins === true },
    required_linear_history: { enabled: settings.required_linear_history },
    allow_force_pushes: { enabled: settings.allow_force_pushes === true },
    allow_deletions: { enabled: settings.allow_deletions },
    block_creations: { enabled: settings.block_creations },
    required_conversation_resolution: { enabled: settings.required_conversation_resolution },
    lock_branch: { enabled: settings.lock_branch },
    allow_fork_syncing: { enabled: settings.allow_fork_syncing },
  };
}

/** @param actor who asks for all of it, or null for the entry of a list */
export function presentRuleset(forge: ForgeContext, repository: RepositoryRow, row: RulesetRow, actor: Actor | null) {
  const settings = RulesetSettings.parse(JSON.parse(row.settings));
  return {
    id: row.id,
    node_id: nodeId('RepositoryRuleset', row.id),
    name: row.name,
    target: settings.target,
    source_type: 'Repository',
    source: `${repository.owner}/${repository.name}`,
    enforcement: settings.enforcement,
    _links: {
      self: { href: `${apiOf(forge, repository)}/rulesets/${row.id}` },
      html: { href: `${htmlOf(forge, repository)}/rules/${row.id}` },
    },
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
    ...(actor === null
      ? {}
      : {
          conditions: settings.conditions,
          rules: settings.rules,
          current_user_can_bypass: bypassOf(forge, repository, settings, actor),
          // Who may change a ruleset sees whom it lets past, nobody else.
          ...(holds(forge, actor, repository, needs.administer) ? { bypass_actors: settings.bypass_actors } : {}),
        }),
  };
}
