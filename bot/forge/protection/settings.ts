import { z } from 'zod';

const Names = z.array(z.string()).default([]);
const Actors = z.object({ users: Names, teams: Names, apps: Names });

/** The body of `PUT /repos/{owner}/{repo}/branches/{branch}/protection`, which is also what is stored. */
export const ProtectionSettings = z.object({
  required_status_checks: z
    .object({
      strict: z.boolean(),
      contexts: z.array(z.string()).default([]),
      checks: z.array(z.object({ context: z.string().min(1), app_id: z.number().int().nullish() })).optional(),
    })
    .nullable(),
  enforce_admins: z.boolean().nullable(),
  required_pull_request_reviews: z
    .object({
      dismiss_stale_reviews: z.boolean().default(false),
      require_code_owner_reviews: z.boolean().default(false),
      required_approving_review_count: z.number().int().min(0).max(6).default(1),
      require_last_push_approval: z.boolean().default(false),
      bypass_pull_request_allowances: Actors.partial().optional(),
    })
    .nullable(),
  restrictions: Actors.extend({ users: z.array(z.string()), teams: z.array(z.string()) }).nullable(),
  required_linear_history: z.boolean().default(false),
  allow_force_pushes: z.boolean().nullable().default(false),
  allow_deletions: z.boolean().default(false),
  block_creations: z.boolean().default(false),
  required_conversation_resolution: z.boolean().default(false),
  lock_branch: z.boolean().default(false),
  allow_fork_syncing: z.boolean().default(false),
});
export type ProtectionSettings = z.infer<typeof ProtectionSettings>;

const Rule = z.discriminatedUnion('type', [
  z.object({ type: z.literal('creation') }),
  z.object({ type: z.literal('update') }),
  z.object({ type: z.literal('deletion') }),
  z.object({ type: z.literal('required_linear_history') }),
  z.object({ type: z.literal('non_fast_forward') }),
  z.object({
    type: z.literal('pull_request'),
    parameters: z
      .object({
        dismiss_stale_reviews_on_push: z.boolean().default(false),
        require_code_owner_review: z.boolean().default(false),
        require_last_push_approval: z.boolean().default(false),
        required_approving_review_count: z.number().int().min(0).max(10).default(0),
        required_review_thread_resolution: z.boolean().default(false),
        allowed_merge_methods: z.array(z.enum(['merge', 'squash', 'rebase'])).optional(),
      })
      .prefault({}),
  }),
  z.object({
    type: z.literal('required_status_checks'),
    parameters: z.object({
      required_status_checks: z.array(z.object({ context: z.string().min(1), integration_id: z.number().int().optional() })),
      strict_required_status_checks_policy: z.boolean().default(false),
      do_not_enforce_on_create: z.boolean().default(false),
    }),
  }),
]);

/** The body of `POST /repos/{owner}/{repo}/rulesets`: the rules for branches that the forge enforces; any other kind of rule is refused. */
export const RulesetSettings = z.object({
  name: z.string().min(1),
  target: z.literal('branch').default('branch'),
  enforcement: z.enum(['disabled', 'active', 'evaluate']),
  bypass_actors: z
    .array(
      z.object({
        actor_id: z.number().int().nullish(),
        actor_type: z.enum(['Integration', 'OrganizationAdmin', 'RepositoryRole', 'Team', 'DeployKey', 'User']),
        bypass_mode: z.enum(['always', 'pull_request', 'exempt']).default('always'),
      }),
    )
    .default([]),
  conditions: z.object({ ref_name: z.object({ include: Names, exclude: Names }) }).prefault({ ref_name: {} }),
  rules: z.array(Rule).default([]),
});
export type RulesetSettings = z.infer<typeof RulesetSettings>;
export type RulesetRule = RulesetSettings['rules'][number];
