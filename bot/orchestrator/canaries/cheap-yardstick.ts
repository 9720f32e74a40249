import { stringify } from 'yaml';
import { type Effort, EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { readText } from '#bot/gates/context.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';

const LEAST_EFFORT: Effort = {
  intervalResamples: 100,
  testResamples: 100,
  overfittingBlocks: 2,
  walkWindows: 1,
  walkConfigurations: 1,
  permutations: 1,
  permutationConfigurations: 1,
  neighbourhoodDirections: 0,
  capacityMultiples: [],
  predictionDays: 1,
};
const DAY_MS = 86_400_000;
/** Enough for a strategy that trades every few bars. */
const DAYS_MOST = 120;

/**
 * A commit on top of main whose yardstick asks for as little work as it may, over the last days before and the first days of the
 * selection data. A canary's evidence is made and made again each night and read by nobody; what policies ask of it stays as it is.
 */
export async function withCheapYardstick(
  repository: Repository,
  main: CommitHash,
  { author, date }: { readonly author: Person; readonly date: Date },
): Promise<CommitHash> {
  const evaluation = parseEvaluation(await readText(repository, main, EVALUATION_PATH));
  const { development, selection } = evaluation.spans;
  const cheap: Evaluation = {
    ...evaluation,
    effort: LEAST_EFFORT,
    spans: {
      ...evaluation.spans,
      development: { ...development, from: Math.max(development.from, development.to - DAYS_MOST * DAY_MS) },
      selection: { ...selection, to: Math.min(selection.to, selection.from + DAYS_MOST * DAY_MS) },
    },
  };
  const changes = new Map([[EVALUATION_PATH, Buffer.from(stringify(cheap))]]);
  return repository.commit({ parent: main, changes, message: 'Canaries: as little work as may be', author, date });
}
