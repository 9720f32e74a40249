import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { statusBehind } from './refusal.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** One rule of a ruleset, in GitHub's words. */
export type BranchRule =
  | { readonly type: 'creation' | 'update' | 'deletion' | 'non_fast_forward' | 'required_linear_history' }
  | {
      readonly type: 'pull_request';
      readonly parameters: {
        readonly required_approving_review_count: number;
        readonly dismiss_stale_reviews_on_push: boolean;
        readonly require_code_owner_review: boolean;
        readonly require_last_push_approval: boolean;
        readonly required_review_thread_resolution: boolean;
        readonly allowed_merge_methods: readonly ('merge' | 'squash' | 'rebase')[];
      };
    }
  | {
      readonly type: 'required_status_checks';
      readonly parameters: {
        readonly strict_required_status_checks_policy: boolean;
        readonly required_status_checks: readonly { readonly context: string; readonly integration_id: number }[];
      };
    };

/** Somebody whom a ruleset does not bind: an App by its id, or everybody of a built-in role by GitHub's number of it. */
export interface BypassActor {
  readonly actor_id: number;
  readonly actor_type: 'Integration' | 'RepositoryRole';
  readonly bypass_mode: 'always';
}

/** Rules for one branch, which need not exist yet. */
export interface Ruleset {
  readonly name: string;
  readonly branch: string;
  /** Whom none of its rules binds; what must bind them as well goes into another ruleset. */
  readonly bypass: readonly BypassActor[];
  readonly rules: readonly BranchRule[];
}

/** What holds for a branch, as far as it is looked at. */
export interface BranchState {
  readonly types: ReadonlySet<string>;
  /** Required checks and the App each must come from; null when any may post it. */
  readonly checks: readonly { readonly context: string; readonly appId: number | null }[];
  readonly mergeMethods: readonly string[] | null;
  /** The rulesets of this repository that restrict updates, by their numbers. */
  readonly updatesRestrictedBy: readonly number[];
}

const SeenRule = z.looseObject({
  type: z.string(),
  ruleset_id: z.number().nullish(),
  ruleset_source_type: z.string().nullish(),
  parameters: z
    .looseObject({
      required_status_checks: z.array(z.looseObject({ context: z.string(), integration_id: z.number().nullish() })).default([]),
      allowed_merge_methods: z.array(z.string()).nullish(),
    })
    .nullish(),
});

const RefusedAnswer = z.looseObject({
  data: z.looseObject({ errors: z.array(z.union([z.string(), z.looseObject({ message: z.string().optional() })])).optional() }),
});

/**
 * Puts rulesets into a repository: those of the same name become what is asked, whom they let past included; others are left alone.
 * Needs `administration: write`, which the App never has: a person's token does this.
 * @returns for each what was done
 * @throws RatchetError `github/no-administration`, `github/rules-refused`
 */
export async function putRulesets(
  api: Api,
  { owner, name: repo }: RepositoryName,
  rulesets: readonly Ruleset[],
): Promise<readonly { readonly name: string; readonly was: 'made' | 'changed' }[]> {
  try {
    const { data: known } = await api.rest.repos.getRepoRulesets({ owner, repo, includes_parents: false, per_page: 100 });
    const done: { name: string; was: 'made' | 'changed' }[] = [];
    for (const { name, branch, bypass, rules } of rulesets) {
      const body = {
        owner,
        repo,
        name,
        target: 'branch' as const,
        enforcement: 'active' as const,
        conditions: { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } },
        bypass_actors: bypass.map((actor) => ({ ...actor })),
        // Octokit's types want arrays that may be written to.
        rules: structuredClone(rules) as never,
      };
      const existing = known.find((ruleset) => ruleset.name === name);
      if (existing === undefined) await api.rest.repos.createRepoRuleset(body);
      else await api.rest.repos.updateRepoRuleset({ ...body, ruleset_id: existing.id });
      done.push({ name, was: existing === undefined ? 'made' : 'changed' });
    }
    return done;
  } catch (error) {
    throw refused(error, `${owner}/${repo}`);
  }
}

/** What rules hold for a branch, from wherever in GitHub they come; readable by whoever may read the repository. */
export async function rulesOf(api: Api, { owner, name: repo }: RepositoryName, branch: string): Promise<BranchState> {
  const { data } = await api.rest.repos.getBranchRules({ owner, repo, branch, per_page: 100 });
  const rules = data.map((rule) => SeenRule.parse(rule));
  const checks = rules.flatMap(({ parameters }) => parameters?.required_status_checks ?? []);
  return {
    types: new Set(rules.map(({ type }) => type)),
    checks: checks.map(({ context, integration_id }) => ({ context, appId: integration_id ?? null })),
    mergeMethods: rules.find(({ type }) => type === 'pull_request')?.parameters?.allowed_merge_methods ?? null,
    updatesRestrictedBy: rules.flatMap(({ type, ruleset_id: id, ruleset_source_type: source }) =>
      type === 'update' && source === 'Repository' && typeof id === 'number' ? [id] : [],
    ),
  };
}

/**
 * Whether whoever asks is let past a ruleset: `true` always, `false` never or only by pull request, null when GitHub does not say.
 * Whom else it lets past GitHub tells administrators alone.
 */
export async function mayBypass(api: Api, { owner, name: repo }: RepositoryName, rulesetId: number): Promise<boolean | null> {
  const { data } = await api.rest.repos.getRepoRuleset({ owner, repo, ruleset_id: rulesetId });
  const { current_user_can_bypass: said } = data;
  return said === undefined ? null : said === 'always' || (said as string) === 'exempt';
}

/** GitHub's own reasons for a refusal, as a sentence to follow another one; empty when it gave none. */
function saidBy(error: unknown): string {
  const { response } = z.looseObject({ response: RefusedAnswer.optional() }).catch({}).parse(error);
  const reasons = (response?.data.errors ?? []).map((reason) => (typeof reason === 'string' ? reason : (reason.message ?? '')));
  const said = reasons.filter((reason) => reason !== '').join('; ');
  return said === '' ? '' : ` GitHub says: ${said}`;
}

function refused(error: unknown, repository: string): unknown {
  const status = statusBehind(error);
  const details = { repository, status };
  if (status === 401 || status === 403 || status === 404) {
    const message = `The token may not change the rules of ${repository}.`;
    const remedy = 'Use one of a person who administers it, with administration: write; nothing further was changed.';
    return new RatchetError('github/no-administration', message, remedy, details, error);
  }
  if (status === 422) {
    const message = `GitHub does not take the rules for ${repository}.`;
    const remedy = `The App must be installed there before rules can name it, and private repositories need a plan with rulesets.${saidBy(error)}`;
    return new RatchetError('github/rules-refused', message, remedy, details, error);
  }
  return error;
}
