import type { ParameterRanges } from '#engine/contract/types.ts';
import { rangesOf as rangesOfBlocks } from './blocks/chosen-blocks.ts';
import { Blueprint } from './blueprint.ts';
import { describe } from './describe.ts';
import { summarisePlan } from './grammar/describe-plan.ts';
import { planFrom } from './grammar/from-blocks.ts';
import { rangeOf } from './grammar/named-numbers.ts';
import { Plan } from './grammar/plan.ts';
import { namesOf } from './grammar/traverse.ts';
import { printStrategy } from './print/print-strategy.ts';
import { printPlan } from './print-plan/print-plan.ts';

/**
 * What a module is printed from, as it stands under `blueprint:` in a manifest: a choice of blocks (`ratchet/blueprint/1`), or a tree
 * (`ratchet/blueprint/2`), which can say all that blocks can and what has grown out of them since.
 */
export type Design = Blueprint | Plan;

export function isPlan(design: Design): design is Plan {
  return design.schema === 'ratchet/blueprint/2';
}

/** The design in a manifest; undefined for what is none. */
export function readDesign(written: unknown): Design | undefined {
  const blueprint = Blueprint.safeParse(written);
  if (blueprint.success) return blueprint.data;
  const plan = Plan.safeParse(written);
  return plan.success ? plan.data : undefined;
}

/** One design, one text. */
export function printDesign(design: Design): string {
  return isPlan(design) ? printPlan(design) : printStrategy(design);
}

export function describeDesign(design: Design): string {
  return isPlan(design) ? summarisePlan(design) : describe(design);
}

/** What the printed module declares. */
export function rangesOf(design: Design): ParameterRanges {
  return isPlan(design) ? Object.fromEntries(namesOf(design).map((name) => [name, rangeOf(name)])) : rangesOfBlocks(design);
}

/** The tree that decides as the design does. */
export function planOf(design: Design): Plan {
  return isPlan(design) ? design : planFrom(design);
}
