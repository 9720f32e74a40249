import type { GateResult } from '#bot/evidence/gate-result.ts';
import { auditGate } from './audit.ts';
import { backtestGate, type Reexecution, reexecuteEvidence } from './backtest.ts';
import type { GateContext } from './context.ts';
import { docsGate } from './docs.ts';
import type { GateTools } from './gate-tools.ts';
import { guardGate } from './guard.ts';
import { beforeVault, openVault } from './open-vault.ts';
import { endedBy, FINAL_GATE, failure, GATE_NAMES, type GateName, success } from './outcome.ts';
import { policyGate } from './policy-gate.ts';
import { sandboxGate } from './sandbox.ts';

/** Runs one gate; whatever goes wrong inside it is its failure, never the program's. */
export async function runGate(
  name: GateName,
  context: GateContext,
  earlier: readonly GateResult[],
  tools: GateTools,
): Promise<GateResult> {
  return answered(name, context, () => dispatch(name, context, earlier, tools));
}

async function answered(name: GateName, context: GateContext, ask: () => Promise<GateResult>): Promise<GateResult> {
  try {
    return await ask();
  } catch (error) {
    context.log.warn({ err: error, gate: name }, 'A gate could not look.');
    return endedBy(name, error);
  }
}

async function reexecution(context: GateContext): Promise<Reexecution> {
  try {
    return await reexecuteEvidence(context);
  } catch (error) {
    return { state: 'ended', result: await answered('backtest', context, () => Promise.reject(error)) };
  }
}

function dispatch(name: GateName, context: GateContext, earlier: readonly GateResult[], tools: GateTools): Promise<GateResult> {
  switch (name) {
    case 'guard':
      return guardGate(context);
    case 'docs':
      return docsGate(context, tools);
    case 'sandbox':
      return sandboxGate(context);
    case 'audit':
      return auditGate(context, tools);
    case 'backtest':
      return backtestGate(context);
    case 'policy':
      return policyGate(context, earlier);
    default:
      return name satisfies never;
  }
}

/** What runs beside the work on the evidence, for two cores: the one line computes, this one reads and waits for scanners. */
const BESIDE: readonly GateName[] = ['guard', 'docs', 'audit'];

/**
 * Runs every gate, then policy, which judges by what the others found, and then the final one. The vault is opened when all of that
 * speaks for the change, so `backtest` is the last to be known.
 * @param onResult called for each in the order of `GATE_NAMES`, as soon as those before it are known
 */
export async function runAllGates(
  context: GateContext,
  onResult: (result: GateResult) => void,
  tools: GateTools,
): Promise<readonly GateResult[]> {
  const known = new Map<GateName, GateResult>();
  const shown: GateResult[] = [];
  const learn = (name: GateName, result: GateResult): void => {
    known.set(name, result);
    for (let next = GATE_NAMES[shown.length]; next !== undefined; next = GATE_NAMES[shown.length]) {
      const ready = known.get(next);
      if (ready === undefined) return;
      shown.push(ready);
      onResult(ready);
    }
  };
  const run = async (name: GateName): Promise<void> => learn(name, await runGate(name, context, [], tools));
  const computing = async (): Promise<Reexecution> => {
    await run('sandbox');
    return reexecution(context);
  };
  const reading = async (): Promise<void> => {
    for (const name of BESIDE) await run(name);
  };
  const [evidence] = await Promise.all([computing(), reading()]);
  const others = [...known.values()];
  const proof = evidence.state === 'ended' ? evidence.result : beforeVault(evidence.questions);
  const policy = await runGate('policy', context, [...others, proof], tools);
  const settle = (): Promise<GateResult> =>
    evidence.state === 'ended'
      ? Promise.resolve(evidence.result)
      : answered('backtest', context, () => openVault(context, evidence.questions, [...others, policy]));
  learn('backtest', await settle());
  learn('policy', policy);
  const final = finalGate(shown);
  onResult(final);
  return [...shown, final];
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
