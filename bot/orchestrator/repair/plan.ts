import { dependencyFileKind } from '#bot/gates/audit/dependency-files.ts';
import type { Move, Published, Refused, RepairPlan, Unmended } from './move.ts';
import { planNpm } from './npm-plan.ts';
import { planPython } from './python-plan.ts';
import type { WeakPackage } from './weaknesses.ts';

/**
 * Which package goes to which version in which file. Each weak package is mended whole, or left as it is with the reason.
 * @param files every dependency file of the tree by its path
 * @param refused versions that were tried before and did not do
 */
export function repairPlan(
  weak: readonly WeakPackage[],
  files: ReadonlyMap<string, string>,
  published: Published,
  refused: Refused = new Map(),
): RepairPlan {
  const moves: Move[] = [];
  const unmended: Unmended[] = [];
  for (const one of weak) {
    const planned = planOne(one, files, published, refused);
    if ('reason' in planned) unmended.push(planned);
    else moves.push(planned);
  }
  return { moves, unmended };
}

function planOne(weak: WeakPackage, files: ReadonlyMap<string, string>, published: Published, refused: Refused): Move | Unmended {
  switch (dependencyFileKind(weak.file)) {
    case 'npm-lock':
      return planNpm(weak, files, published, refused);
    case 'requirements':
      return planPython(weak, files, published, refused);
    case 'python-toml-lock':
    case 'pipfile-lock':
      return { weak, reason: `only its own tool writes ${weak.file}: have it lock a version without the weakness` };
    default:
      return { weak, reason: `${weak.file} is no lock that can be written here` };
  }
}
