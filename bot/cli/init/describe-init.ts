import type { Placed } from '#bot/init/place-files.ts';

export interface InitReport extends Placed {
  readonly dir: string;
  readonly repository: string;
  readonly workspace: string;
  readonly gateKey: string;
  readonly ownerKey: string;
  /** Whether the tree's keys are others than the workspace's. */
  readonly keysDiffer: boolean;
  readonly hasWorkflows: boolean;
  readonly appId: number | null;
  /** The API's root when it is not GitHub's. */
  readonly apiUrl: string | null;
}

/** What was written, what was left, and what to do next, for a terminal. */
export function describeInit(report: InitReport): string {
  return [
    ...list('Written', report.written),
    ...list('There already', report.same),
    ...list('Left as they are, though ratchet init would write them differently', report.left),
    '',
    `Private keys, for nobody else and in no repository: ${report.gateKey} (the gate's), ${report.ownerKey} (yours).`,
    ...(report.keysDiffer
      ? ['The keys in policies/keys.yaml are others than those: enter the new ones with ratchet keys create --clone.']
      : []),
    ...(report.hasWorkflows
      ? []
      : ['No workflows were written: name a published commit of Ratchet with --program owner/name@commit to have them.']),
    '',
    'Next:',
    ...nextSteps(report).map((step, index) => `  ${index + 1}. ${step}`),
  ].join('\n');
}

function nextSteps({ dir, repository, workspace, appId, apiUrl }: InitReport): readonly string[] {
  const about = `--repository ${repository} --workspace ${workspace}${apiUrl === null ? '' : ` --api-url ${apiUrl}`}`;
  return [
    `Read what was written, then commit and push it: git -C ${dir} add --all && git -C ${dir} commit -m "Start with Ratchet" && git -C ${dir} push origin HEAD:main`,
    ...(appId === null ? [`Make the App and install it: ratchet bot setup ${about}`] : []),
    `Adopt the strategies, so that the engine runs them: RATCHET_GIT_TOKEN=… ratchet init --adopt ${about}`,
    `Protect main and the state branch: RATCHET_ADMIN_TOKEN=… ratchet init --protect ${about}`,
    `Run the bot: ratchet bot serve ${about}`,
    `See what is missing: ratchet doctor ${about}`,
  ];
}

function list(title: string, paths: readonly string[]): readonly string[] {
  return paths.length === 0 ? [] : [`${title}:`, ...paths.map((path) => `  ${path}`)];
}
