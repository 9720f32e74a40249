import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { Ruleset } from '#bot/github/rules-api.ts';

export const MAIN_RULES = 'ratchet: main';
export const STATE_RULES = 'ratchet: state branch';

/**
 * What GitHub must hold against everybody, administrators too. main: changes come by pull request, squashed, when the gate of this
 * very App has passed; an App's id beside the check's name keeps others from posting one of that name. Neither branch is rewritten
 * or deleted: what was merged, and what the ledger says, stays.
 */
export function branchRules(appId: number): readonly Ruleset[] {
  return [
    {
      name: MAIN_RULES,
      branch: 'main',
      rules: [
        { type: 'deletion' },
        { type: 'non_fast_forward' },
        { type: 'required_linear_history' },
        {
          type: 'pull_request',
          parameters: {
            // Who decides is written in policies/autonomy.yaml; a team that wants reviews as well raises this number.
            required_approving_review_count: 0,
            dismiss_stale_reviews_on_push: true,
            require_code_owner_review: false,
            require_last_push_approval: false,
            required_review_thread_resolution: false,
            allowed_merge_methods: ['squash'],
          },
        },
        {
          type: 'required_status_checks',
          parameters: {
            // Not strict: Ratchet knows itself what makes a proof stale.
            strict_required_status_checks_policy: false,
            required_status_checks: [{ context: FINAL_GATE, integration_id: appId }],
          },
        },
      ],
    },
    { name: STATE_RULES, branch: 'ratchet/state', rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }] },
  ];
}
