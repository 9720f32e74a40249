import { COULD_NOT_LOOK, GateResult } from '#bot/evidence/gate-result.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { RatchetError } from '#engine/errors.ts';

/** The gates that look at something, cheap to dear; policy judges what the others found. `gate` then demands success of each. */
export const GATE_NAMES = ['guard', 'docs', 'sandbox', 'audit', 'backtest', 'policy'] as const;
export type GateName = (typeof GATE_NAMES)[number];
/** The one check that branch protection requires. */
export const FINAL_GATE = 'gate';

export type Annotation = GateResult['annotations'][number];

/** A title is printed to terminals and quotes what changes and scanners say, so it shows what would hide in it. */
export function success(gate: string, title: string, summary: string, annotations: readonly Annotation[] = []): GateResult {
  return GateResult.parse({ gate, conclusion: 'success', title: visible(title), summary, annotations });
}

export function failure(gate: string, title: string, summary: string, annotations: readonly Annotation[] = []): GateResult {
  return GateResult.parse({ gate, conclusion: 'failure', title: visible(title), summary, annotations });
}

/** Nothing was found out, neither for nor against the change. That is no success, and programs can tell it from a finding. */
export function couldNotLookAt(gate: string, why: string, summary: string, annotations: readonly Annotation[] = []): GateResult {
  const title = `${COULD_NOT_LOOK}${visible(why) || 'no reason was given'}`;
  return GateResult.parse({ gate, conclusion: 'failure', couldNotLook: true, title, summary, annotations });
}

/** A gate that ended without an answer: an error that names its cause is a finding, any other one says that it could not look. */
export function endedBy(gate: string, error: unknown): GateResult {
  if (error instanceof RatchetError)
    return failure(gate, `${error.message} ${error.remedy}`, `${error.message}\n\n${error.remedy}\n\n\`${error.code}\``);
  const message = error instanceof Error ? error.message : String(error);
  return couldNotLookAt(
    gate,
    message.split('\n')[0] ?? '',
    `The gate itself failed before it had an answer:\n\n\`\`\`\n${message}\n\`\`\``,
  );
}

export function annotateFile(path: string, message: string, line = 1): Annotation {
  return { path, startLine: line, endLine: line, level: 'failure', message };
}
