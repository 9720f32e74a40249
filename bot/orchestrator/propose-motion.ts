import { modulePath } from '#bot/evidence/analysis-module.ts';
import { plain, shortened } from '#bot/evidence/markdown.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { type MotionText, moduleText, retirementText } from './motion-text.ts';
import { openPull, type PullTask } from './open-pull.ts';
import { moduleBranchOf, retirementBranchOf } from './propose.ts';
import type { Motion } from './studied.ts';

const SUBJECT_LENGTH_MAX = 100;

export interface MotionTask extends Pick<PullTask, 'repository' | 'api' | 'author' | 'base' | 'date'> {
  /** The one whose night it is. */
  readonly strategy: string;
  readonly cycle: string;
  readonly motion: Motion;
}

/** The branch a motion is made on. */
export function branchOfMotion({ strategy, cycle, motion }: Pick<MotionTask, 'strategy' | 'cycle' | 'motion'>): string {
  return motion.kind === 'retirement' ? retirementBranchOf(strategy, cycle) : moduleBranchOf(motion.decision.module, cycle);
}

/** Proposes what needs no evidence: that a strategy's folder goes, or one analysis module; nothing else changes. */
export async function proposeMotion(task: MotionTask): Promise<PullRequest> {
  const { repository, base, strategy, cycle, motion } = task;
  const { hypothesis } = motion.decision;
  const change = await changeOf(task);
  return openPull({
    ...task,
    headRef: branchOfMotion(task),
    changes: change.files,
    // Made of the author's words, so nothing in it may close an issue or call a person.
    message: `${shortened(plain(change.subject), SUBJECT_LENGTH_MAX)}\n\n${plain(hypothesis)}\n\nCycle: ${cycle}`,
    labels: ['ratchet', change.label],
    text: async (head): Promise<MotionText> => {
      const place = { cycle, base, head };
      if (motion.kind === 'retirement') return retirementText(strategy, motion.decision, motion.truth, place);
      const { decision, changes } = motion;
      return moduleText(modulePath(decision.module), decision, changes, place);
    },
    repository,
  });
}

async function changeOf({ repository, base, strategy, motion }: MotionTask) {
  if (motion.kind === 'retirement') {
    const files = await repository.listFiles(base, `strategies/${strategy}`);
    return {
      files: new Map(files.map(({ path }) => [path, null])),
      subject: `${strategy}: retire`,
      label: `strategy:${strategy}`,
    };
  }
  const { decision, text, changes } = motion;
  return {
    files: new Map([[modulePath(decision.module), Buffer.from(text)]]),
    subject: `${decision.module}: ${changes.join(', ')}`,
    label: 'analysis',
  };
}
