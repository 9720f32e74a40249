import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { Ruleset } from '#bot/github/rules-api.ts';
import { stateRef } from '#engine/repository/state-branch.ts';

export const MAIN_RULES = 'ratchet: main';
export const STATE_RULES = 'ratchet: state branch';
export const STATE_WRITER_RULES = 'ratchet: who writes the state branch';

/** GitHub's number of the role "Repository admin". */
const ADMIN_ROLE = 5;

/**
 * What GitHub must hold against everybody, administrators too. main: changes come by pull request, squashed, when the gate of this
 * very App has passed; an App's id beside the check's name keeps others from posting one of that name. Neither branch is rewritten
 * or deleted: what was merged, and what the ledger says, stays.
 *
 * The state branch carries orders to the engine, holds, approvals and the ledger: who may write there may forge them. So only the App
 * and administrators, whose tokens the engine and `ratchet init --adopt` use, may. GitHub lets somebody past a whole ruleset or none
 * of it; as nobody may rewrite or delete the branch, who writes it is a ruleset of its own.
 */
export function branchRules(appId: number): readonly Ruleset[] {
  return [
    // First, for GitHub refuses it while the App is not installed: then nothing is set, rather than half of it.
    {
      name: STATE_WRITER_RULES,
      branch: stateRef,
      bypass: [
        { actor_id: appId, actor_type: 'Integration', bypass_mode: 'always' },
        { actor_id: ADMIN_ROLE, actor_type: 'RepositoryRole', bypass_mode: 'always' },
      ],
      rules: [{ type: 'creation' }, { type: 'update' }],
    },
    {
      name: MAIN_RULES,
      branch: 'main',
      bypass: [],
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
    { name: STATE_RULES, branch: stateRef, bypass: [], rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }] },
  ];
}
