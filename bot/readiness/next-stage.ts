import { Stage } from '#engine/contract/manifest.ts';

/** One step up; null at the last. */
export function nextStage(stage: Stage): Stage | null {
  return Stage.options[Stage.options.indexOf(stage) + 1] ?? null;
}
