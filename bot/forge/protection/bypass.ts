import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { roleOf } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { RulesetSettings } from './settings.ts';

/** How far a ruleset lets somebody past all of its rules, in GitHub's words (`current_user_can_bypass`). */
export type Bypass = 'always' | 'pull_requests_only' | 'exempt' | 'never';

type BypassActor = RulesetSettings['bypass_actors'][number];

/** GitHub's numbers for the built-in roles. */
const roleNumbers: Readonly<Record<number, string>> = { 2: 'maintain', 4: 'write', 5: 'admin' };

/** The widest of the bypasses that the ruleset names for this actor: it holds for the whole ruleset, never for one of its rules. */
export function bypassOf(forge: ForgeContext, repository: RepositoryRow, settings: RulesetSettings, actor: Actor): Bypass {
  const modes = new Set(
    settings.bypass_actors.filter((named) => isNamed(forge, repository, named, actor)).map(({ bypass_mode }) => bypass_mode),
  );
  if (modes.has('exempt')) return 'exempt';
  if (modes.has('always')) return 'always';
  return modes.has('pull_request') ? 'pull_requests_only' : 'never';
}

function isNamed(forge: ForgeContext, repository: RepositoryRow, named: BypassActor, actor: Actor): boolean {
  const role = actor.kind === 'user' ? roleOf(forge.database, repository, actor.user.id) : null;
  switch (named.actor_type) {
    case 'Integration':
      return actor.kind === 'installation' && actor.app.id === named.actor_id;
    case 'User':
      return actor.kind === 'user' && actor.user.id === named.actor_id;
    case 'RepositoryRole':
      return role !== null && role === roleNumbers[named.actor_id ?? 0];
    case 'OrganizationAdmin':
      return actor.kind === 'user' && actor.user.id === repository.owner_id;
    case 'Team':
    case 'DeployKey':
      // The forge has neither.
      return false;
  }
}
