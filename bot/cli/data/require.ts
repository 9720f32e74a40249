import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { readText } from '#bot/gates/context.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { fetchCandles } from '#engine/candles/fetch-candles.ts';
import { isFetchableVenue, openVenue } from '#engine/candles/open-venue.ts';
import { columnsOf } from '#engine/candles/select-dataset.ts';
import { nameOfSeries } from '#engine/candles/series-key.ts';
import type { Dataset, DatasetEntry } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { Repository } from '#engine/repository/repository.ts';

interface RequireFlags {
  readonly store: string;
  readonly evaluation?: string;
  readonly repository?: string;
  readonly at?: string;
  readonly endpoint?: string;
  readonly digest?: boolean;
  readonly json?: boolean;
}

export interface Required {
  /** Null where nothing is evaluated yet: a repository without an evaluation asks for no candles. */
  readonly dataset: string | null;
  /** Series that were there already, and those that were fetched. */
  readonly kept: readonly string[];
  readonly fetched: readonly string[];
}

/** `ratchet data require`: the very candles that an evaluation names, or an error. */
export function requireCommand(): Command {
  return new Command('require')
    .description(
      'See to it that the store holds exactly the candles an evaluation names: keep what fits, fetch what lacks, refuse what differs.',
    )
    .option('--evaluation <file>', `an evaluation on this disk (default: ${EVALUATION_PATH})`)
    .option('--repository <dir>', 'a clone or mirror to read it from, with --at')
    .option('--at <commit>', `the commit whose ${EVALUATION_PATH} counts`)
    .option('--endpoint <url>', "a server that speaks the exchange's dialect, instead of the exchange")
    .option('--digest', "print the dataset's digest and look at no store; nothing where nothing is evaluated")
    .option('--store <dir>', 'the candle store', join('var', 'candles'))
    .option('--json', 'one JSON object on one line')
    .action(run);
}

async function run(flags: RequireFlags): Promise<void> {
  const dataset = await datasetOf(flags);
  if (flags.digest === true) {
    if (dataset !== null) console.log(dataset.digest);
    return;
  }
  // Whoever comes next finds a store, even an empty one.
  CandleStore.open(flags.store).close();
  const required =
    dataset === null ? { dataset: null, kept: [], fetched: [] } : await requireDataset(flags.store, dataset, flags.endpoint);
  if (flags.json === true) console.log(JSON.stringify(required));
  else console.log(describe(required));
}

function describe({ dataset, kept, fetched }: Required): string {
  if (dataset === null) return 'Nothing is evaluated here yet, so no candles are asked for.';
  return `Dataset ${dataset}: ${kept.length} series were there, ${fetched.length} fetched, and every digest is the right one.`;
}

async function datasetOf({ evaluation, repository, at }: RequireFlags): Promise<Dataset | null> {
  if ((repository === undefined) !== (at === undefined) || (at !== undefined && evaluation !== undefined)) {
    throw new RatchetError(
      'data/usage',
      'Give --repository together with --at, or --evaluation alone.',
      'See ratchet data require --help.',
    );
  }
  const text =
    repository === undefined ? readFile(evaluation ?? EVALUATION_PATH, evaluation !== undefined) : await readAt(repository, at!);
  return text === null ? null : checked(parseEvaluation(text).dataset);
}

async function readAt(dir: string, at: string): Promise<string | null> {
  const repository = await Repository.open({ dir });
  return readText(repository, await repository.require(at), EVALUATION_PATH);
}

function readFile(path: string, isNamed: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isNamed && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new RatchetError('data/no-evaluation', `${path} cannot be read.`, 'Name a file that exists.', { path }, error);
  }
}

/** The cache is keyed by the dataset's own digest, so that must be the one of its entries. */
function checked(dataset: Dataset): Dataset {
  const actual = digestOfJson(dataset.entries);
  if (actual === dataset.digest) return dataset;
  throw new RatchetError(
    'candles/digest-mismatch',
    `${EVALUATION_PATH} names its dataset ${dataset.digest}, but its entries are ${actual}.`,
    'Mend it on main.',
    { expected: dataset.digest, actual },
  );
}

/**
 * Keeps what the store has with the right digest, downloads what it lacks, and looks at everything once more.
 * @param endpoint stands in for the exchange
 * @throws RatchetError `candles/digest-mismatch`, `candles/not-fetchable`, or what `fetchCandles` throws
 */
export async function requireDataset(directory: string, dataset: Dataset, endpoint?: string): Promise<Required> {
  const store = CandleStore.open(directory);
  try {
    const kept: string[] = [];
    const fetched: string[] = [];
    for (const entry of dataset.entries) {
      const name = `${nameOfSeries(entry.source)}`;
      if (digestIn(store, entry) === entry.digest) {
        kept.push(name);
        continue;
      }
      await fetchEntry(store, entry, endpoint);
      const actual = digestIn(store, entry);
      if (actual !== entry.digest) throw mismatch(entry, actual);
      fetched.push(name);
    }
    return { dataset: dataset.digest, kept, fetched };
  } finally {
    store.close();
  }
}

/** Null when the store has nothing of it. */
function digestIn(store: CandleStore, entry: DatasetEntry): string | null {
  if (store.find(entry.source) === undefined) return null;
  const columns = columnsOf(store, entry.source, entry.timeframe, entry);
  return columns.time.length === 0 ? null : digestOfColumns(columns);
}

async function fetchEntry(store: CandleStore, { source, from, to }: DatasetEntry, endpoint: string | undefined): Promise<void> {
  if (!isFetchableVenue(source.venue)) {
    throw new RatchetError(
      'candles/not-fetchable',
      `The store lacks the very bars of ${nameOfSeries(source)}, and nobody serves candles of "${source.venue}".`,
      'Bring them: ratchet data simulate with the seed they were made with, ratchet data import, or a cache that has them.',
      { ...source },
    );
  }
  const venue = await openVenue(source.venue, endpoint);
  await fetchCandles(store, venue, { symbol: source.symbol, timeframe: source.timeframe, from, to }, { now: Date.now, sleep });
}

function mismatch({ source, digest }: DatasetEntry, actual: string | null): RatchetError {
  return new RatchetError(
    'candles/digest-mismatch',
    `What ${source.venue} serves for ${nameOfSeries(source)} is not what the evaluation names: ${actual ?? 'nothing'} instead of ${digest}.`,
    'Exchanges revise and forget history. Bring the very candles from where the evaluation was made, or evaluate anew on main.',
    { expected: digest, actual },
  );
}
