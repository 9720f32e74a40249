import { type Decision, DecisionsFile, decisionsPath } from '#bot/orchestrator/life/decisions.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { type Arrival, arrivalsOf, type Sources } from './arrivals.ts';
import type { Place } from './place.ts';
import { type Step, step, trouble } from './step.ts';

/** Decisions that hold something back vouch for no head. */
const HOLDING: readonly Decision['kind'][] = ['hold', 'release'];

/** What people decided, each dated by the commit that brought it; lines that were changed or taken away are found in the file's history. */
export async function fromDecisions({ number, head }: Place, sources: Sources): Promise<readonly Step[]> {
  const path = decisionsPath(number);
  const steps: Step[] = [];
  let known: readonly Decision[] = [];
  const dated: { readonly decision: Decision; readonly arrival: Arrival }[] = [];
  for (const arrival of await arrivalsOf(path, sources)) {
    const decisions = readAt(arrival, number);
    const inCommit = { commit: arrival.commit };
    if (decisions === null) {
      steps.push(trouble(path, `written by ${arrival.by}`, 'It cannot be read in this commit.', inCommit, arrival.at));
      continue;
    }
    const isAddedTo = canonicalJson(decisions.slice(0, known.length)) === canonicalJson(known);
    if (!isAddedTo)
      steps.push(
        trouble(
          path,
          `written by ${arrival.by}`,
          'Lines that stood there before were changed or taken away.',
          inCommit,
          arrival.at,
        ),
      );
    const added = isAddedTo ? decisions.slice(known.length) : decisions;
    dated.push(...added.map((decision) => ({ decision, arrival })));
    known = decisions;
  }
  return [...steps, ...dated.map(({ decision, arrival }) => told(decision, arrival, path, head, known))];
}

function readAt({ text }: Arrival, number: number): readonly Decision[] | null {
  if (text === null) return null;
  try {
    const file = DecisionsFile.parse(JSON.parse(text));
    return file.pullRequest === number ? file.decisions : null;
  } catch {
    // Whatever it is instead is told as what cannot be read.
    return null;
  }
}

function told(decision: Decision, arrival: Arrival, path: string, head: string, all: readonly Decision[]): Step {
  const { kind, by, permission, comment } = decision;
  const where = comment === null ? '' : `, comment ${comment}`;
  const digests = { head: decision.head, commit: arrival.commit };
  return step(arrival.at, `@${by}`, `decided: ${kind} (${permission}${where})`, path, digests, otherHead(decision, head, all));
}

function otherHead({ kind, by, head: own }: Decision, head: string, all: readonly Decision[]): string | null {
  if (own === head || HOLDING.includes(kind)) return null;
  // Said again of the last head, it stands there as well.
  if (all.some((other) => other.kind === kind && other.by === by && other.head === head)) return null;
  return `It was decided about ${own.slice(0, 12)}, not about ${head.slice(0, 12)}.`;
}
