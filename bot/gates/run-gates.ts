import type { GateResult } from '#bot/evidence/gate-result.ts';
import { backtestGate } from './backtest.ts';
import type { GateContext } from './context.ts';
import { guardGate } from './guard.ts';
import { couldNotLook, FINAL_GATE, failure, GATE_NAMES, type GateName, success } from './outcome.ts';
import { policyGate } from './policy-gate.ts';
import { sandboxGate } from './sandbox.ts';

/** Runs one gate; whatever goes wrong inside it is its failure, never the program's. */
export async function runGate(name: GateName, context: GateContext, earlier: readonly GateResult[]): Promise<GateResult> {
  try {
    return await dispatch(name, context, earlier);
  } catch (error) {
    context.log.warn({ err: error, gate: name }, 'A gate could not look.');
    return couldNotLook(name, error);
  }
}

function dispatch(name: GateName, context: GateContext, earlier: readonly GateResult[]): Promise<GateResult> {
  switch (name) {
    case 'sandbox':
      return sandboxGate(context);
    case 'backtest':
      return backtestGate(context);
    case 'guard':
      return guardGate(context);
    case 'policy':
      return policyGate(context, earlier);
    default:
      return name satisfies never;
  }
}

/**
 * Runs every gate and then the final one. The cheap ones that read nothing but the change come first;
 * hostile code is not run when the static wall has refused it.
 * @param onResult called as each is known
 */
export async function runAllGates(context: GateContext, onResult: (result: GateResult) => void): Promise<readonly GateResult[]> {
  const results: GateResult[] = [];
  for (const name of GATE_NAMES) {
    const result = await runGate(name, context, results);
    results.push(result);
    onResult(result);
  }
  const final = finalGate(results);
  onResult(final);
  return [...results, final];
}

/** Success of each and of all of them: skipped is not passed, and nothing at all is a failure. */
export function finalGate(results: readonly GateResult[]): GateResult {
  const lines = GATE_NAMES.map((name) => {
    const result = results.find((item) => item.gate === name);
    return { name, conclusion: result?.conclusion ?? 'did not run', title: result?.title ?? '' };
  });
  const summary = [
    '| Gate | Conclusion | |',
    '|---|---|---|',
    ...lines.map((line) => `| ${line.name} | ${line.conclusion} | ${line.title.replaceAll('|', '\\|')} |`),
  ].join('\n');
  const passed = lines.filter((line) => line.conclusion === 'success').length;
  if (passed === GATE_NAMES.length) return success(FINAL_GATE, `${passed} of ${GATE_NAMES.length} gates passed`, summary);
  const missing = lines.filter((line) => line.conclusion !== 'success').map((line) => line.name);
  return failure(FINAL_GATE, `${passed} of ${GATE_NAMES.length} gates passed; not: ${missing.join(', ')}`, summary);
}
