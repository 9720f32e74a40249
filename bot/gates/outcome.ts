import { GateResult } from '#bot/evidence/gate-result.ts';
import { RatchetError } from '#engine/errors.ts';

/** The gates that look at something, in the order they run; `gate` then demands success of each. */
export const GATE_NAMES = ['sandbox', 'backtest', 'guard', 'policy'] as const;
export type GateName = (typeof GATE_NAMES)[number];
/** The one check that branch protection requires. */
export const FINAL_GATE = 'gate';

export type Annotation = GateResult['annotations'][number];

export function success(gate: string, title: string, summary: string, annotations: readonly Annotation[] = []): GateResult {
  return GateResult.parse({ gate, conclusion: 'success', title, summary, annotations });
}

export function failure(gate: string, title: string, summary: string, annotations: readonly Annotation[] = []): GateResult {
  return GateResult.parse({ gate, conclusion: 'failure', title, summary, annotations });
}

/** A gate that could not look has not passed. */
export function couldNotLook(gate: string, error: unknown): GateResult {
  if (error instanceof RatchetError)
    return failure(gate, error.message, `${error.message}\n\n${error.remedy}\n\n\`${error.code}\``);
  const message = error instanceof Error ? error.message : String(error);
  return failure(
    gate,
    `Could not look: ${message.split('\n')[0]}`,
    `The gate itself failed before it had an answer:\n\n\`\`\`\n${message}\n\`\`\``,
  );
}

export function annotateFile(path: string, message: string, line = 1): Annotation {
  return { path, startLine: line, endLine: line, level: 'failure', message };
}
