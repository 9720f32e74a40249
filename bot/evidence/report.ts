import { code, text } from './markdown.ts';
import type { Pack } from './pack.ts';
import { changes } from './sections/changes.ts';
import { comparison } from './sections/comparison.ts';
import { costs } from './sections/costs.ts';
import { knowledge } from './sections/knowledge.ts';
import { lineage } from './sections/lineage.ts';
import { prediction } from './sections/prediction.ts';
import { robustness } from './sections/robustness.ts';
import { statistics } from './sections/statistics.ts';
import { trials } from './sections/trials.ts';
import { wager } from './sections/wager.ts';
import { walkForward } from './sections/walk-forward.ts';

/** Beside the pack: where a part goes that is too long for the pull request's page. */
export const REPORT_PATH = 'evidence/report.md';

/** Everything that the page says of the pack, whole and however long; a function of the pack alone. */
export function report(pack: Pack): string {
  const label = pack.dataset.isSimulated ? '**SIMULATED DATA.** ' : '';
  return `${[
    `# The evidence for ${code(pack.strategy)}, cycle ${code(pack.cycle)}`,
    `${label}${text(pack.proposal.hypothesis)}`,
    comparison(pack),
    changes(pack),
    wager(pack),
    knowledge(pack),
    statistics(pack),
    costs(pack),
    robustness(pack),
    walkForward(pack),
    trials(pack),
    prediction(pack),
    lineage(pack, null),
  ]
    .filter((section) => section !== '')
    .join('\n\n')}\n`;
}
