import { type Backtester, openBacktester } from '../backtester.ts';
import { runElsewhere } from './run-elsewhere.ts';
import type { Check, Subject } from './subject.ts';

/** What a run came to, and where it was made. */
export interface Outcome {
  readonly where: string;
  /** `v20.19.0` */
  readonly node: string;
  readonly artifact: string;
  readonly resultId: string;
  readonly resultDigest: string;
}

/**
 * The same run again: in the same process, in another sandbox process, and in a new Node process for every binary, which builds the
 * artifact from source anew. Result digests are over the canonical bytes of metrics, trades, equity and decisions.
 * @param nodes paths of Node binaries
 */
export async function determinismCheck(
  tester: Backtester,
  subject: Subject,
  nodes: readonly string[],
): Promise<{ readonly checks: readonly Check[]; readonly outcomes: readonly Outcome[] }> {
  const { artifact, request, columns } = subject;
  const here = async (where: string, used: Backtester): Promise<Outcome> => {
    const { resultId, resultDigest } = await used.run(request);
    return { where, node: process.version, artifact: artifact.digest, resultId, resultDigest };
  };
  const outcomes = [await here('this process', tester), await here('this process, again', tester)];
  const another = await openBacktester(artifact);
  try {
    await another.useDataset(request.dataset, columns);
    outcomes.push(await here('another sandbox process', another));
  } finally {
    await another.close();
  }
  for (const node of nodes) outcomes.push(await runElsewhere(node, subject));
  const versions = [...new Set(outcomes.map(({ node }) => node))];
  const elsewhere = outcomes.slice(3);
  return {
    outcomes,
    checks: [
      sameOutcome('determinism, two runs', outcomes.slice(0, 2), 'the same bytes twice'),
      sameOutcome(
        'determinism, processes',
        [outcomes[0]!, outcomes[2]!, ...elsewhere],
        `the same bytes in ${2 + elsewhere.length} processes`,
      ),
      versions.length < 2
        ? {
            name: 'determinism, Node versions',
            verdict: 'not shown',
            detail: `only ${versions.join()} was here; name another with --node PATH`,
          }
        : sameOutcome('determinism, Node versions', outcomes, `the same bytes on ${versions.join(', ')}`),
    ],
  };
}

export function sameOutcome(name: string, outcomes: readonly Outcome[], detail: string): Check {
  const [first, ...others] = outcomes;
  const other = others.find(
    ({ artifact, resultId, resultDigest }) =>
      artifact !== first!.artifact || resultId !== first!.resultId || resultDigest !== first!.resultDigest,
  );
  if (other === undefined) return { name, verdict: 'passed', detail: `${detail}: ${first!.resultDigest}` };
  const said = ({ where, node, artifact, resultId, resultDigest }: Outcome): string =>
    `${where} (${node}) gave artifact ${artifact}, result id ${resultId}, bytes ${resultDigest}`;
  return { name, verdict: 'failed', detail: `${said(first!)}; ${said(other)}` };
}
