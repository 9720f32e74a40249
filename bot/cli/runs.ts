import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { counted, day, decimal, percent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { compareRuns } from '#bot/runs/compare-runs.ts';
import { exportRuns } from '#bot/runs/mlflow/export-runs.ts';
import { MlflowClient } from '#bot/runs/mlflow/mlflow-client.ts';
import { comparisonPage } from '#bot/runs/page/comparison-page.ts';
import { METRIC_DIGITS } from '#bot/runs/page/facts.ts';
import { runPage } from '#bot/runs/page/run-page.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';
import { packOfRun, runsOfTrials, runsOnMain } from '#bot/runs/runs-of.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import { columned } from './columned.ts';
import { openForReading, type RepositoryFlags } from './open-mirror.ts';
import { mlflowAccess, mlflowUrl } from './runs/mlflow-access.ts';

interface RunsFlags extends RepositoryFlags {
  readonly json?: boolean;
}

interface ExportFlags extends RunsFlags {
  readonly mlflow: string;
  readonly experiment: string;
}

interface PageFlags extends RunsFlags {
  readonly html?: string;
}

/** `ratchet runs`: every evaluation that ledger and evidence know. */
export function runsCommand(): Command {
  return new Command('runs')
    .description('Every evaluation that the ledger and the evidence on main know, one by one or two side by side.')
    .addCommand(reading(new Command('list').description('List them.')).action(list))
    .addCommand(
      paged(reading(new Command('show').description('All that is known of one.').argument('<run>', 'its id'))).action(show),
    )
    .addCommand(
      paged(
        reading(
          new Command('compare')
            .description('Two, metric by metric, with whatever keeps them from being comparable.')
            .argument('<a>', 'the id of one')
            .argument('<b>', 'the id of the other'),
        ),
      ).action(compare),
    )
    .addCommand(
      reading(new Command('export').description('Send them to an MLflow server, each once.'))
        .requiredOption('--mlflow <url>', 'where it stands', mlflowUrl)
        .option('--experiment <name>', 'into which of its experiments; made when there is none', 'ratchet')
        .action(exportAll),
    );
}

function reading(command: Command): Command {
  return command
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object');
}

function paged(command: Command): Command {
  return command.option('--html <file>', 'write it as a page that stands by itself, charts and all');
}

async function allRuns(flags: RunsFlags) {
  const { repository, state } = await openForReading(flags);
  const packs = await runsOnMain(repository);
  return { repository, runs: [...runsOfTrials(await readLedgerFrom(state)), ...packs.runs], unread: packs.unread };
}

async function list(flags: RunsFlags): Promise<void> {
  const { runs, unread } = await allRuns(flags);
  if (flags.json === true) return console.log(JSON.stringify({ runs, unread }));
  const rows = runs.map(({ id, strategy, metrics, outcome, label }) => [
    id,
    strategy,
    outcome === 'rejected' ? 'refused' : percent(metrics.netReturn ?? null),
    visible(label),
  ]);
  console.log(rows.length === 0 ? 'No run yet.' : columned(['run', 'strategy', 'net return', 'what it was'], rows, [2]));
  if (unread > 0) console.log(`${counted(unread, 'pack')} of an older form left out.`);
}

async function show(id: string, flags: PageFlags): Promise<void> {
  const { repository, runs } = await allRuns(flags);
  const run = named(runs, id);
  if (flags.html !== undefined) await write(flags.html, await runPage(run, await packOfRun(repository, run)));
  if (flags.json === true) return console.log(JSON.stringify(run));
  if (flags.html !== undefined) return console.log(`Written to ${flags.html}.`);
  const { setting, search, parameters, metrics } = run;
  console.log(
    [
      `${run.id}: ${run.strategy}, night ${run.cycle}. ${visible(run.label)}`,
      ...(run.reason === null ? [] : [`Refused: ${visible(run.reason)}`]),
      `Result ${run.resultId ?? 'none'}`,
      ...(setting === null ? [] : [`${day(setting.from)} to ${day(setting.to - 1)}, dataset ${setting.dataset}`]),
      ...(search === null ? [] : [`${counted(search.trials, 'trial')} that night, ${search.trialsEver} ever`]),
      ...(parameters === null ? [] : [`Parameters ${visible(JSON.stringify(parameters))}`]),
      '',
      columned(
        ['metric', 'value'],
        Object.entries(metrics).map(([name, value]) => [name, decimal(value, METRIC_DIGITS)]),
        [1],
      ),
    ].join('\n'),
  );
}

async function compare(a: string, b: string, flags: PageFlags): Promise<void> {
  const { repository, runs } = await allRuns(flags);
  const sides = [named(runs, a), named(runs, b)] as const;
  const comparison = compareRuns(...sides);
  if (flags.html !== undefined)
    await write(flags.html, await comparisonPage(sides, comparison, await packsOf(repository, sides)));
  if (flags.json === true) return console.log(JSON.stringify(comparison));
  if (flags.html !== undefined) return console.log(`Written to ${flags.html}.`);
  const rows = comparison.metrics.map((metric) => [
    metric.name,
    ...[metric.a, metric.b, metric.difference].map((value) => decimal(value, METRIC_DIGITS)),
  ]);
  const differ = (what: string, names: readonly string[] | null): string =>
    `${what} that differ: ${names === null ? 'not known' : names.length === 0 ? 'none' : names.map(visible).join(', ')}`;
  console.log(
    [
      ...comparison.caveats.map((caveat) => `NOT THE SAME: ${caveat}`),
      columned(['metric', 'A', 'B', 'B − A'], rows, [1, 2, 3]),
      differ('Parameters', comparison.parameters),
      differ('Files', comparison.files),
    ].join('\n'),
  );
}

async function exportAll(flags: ExportFlags): Promise<void> {
  const { runs, unread } = await allRuns(flags);
  const client = new MlflowClient(mlflowAccess(flags.mlflow, process.env));
  const exported = await exportRuns(client, flags.experiment, runs);
  if (flags.json === true) return console.log(JSON.stringify({ ...exported, unread }));
  const { sent, finished, there } = exported;
  console.log(
    `${counted(sent, 'run')} sent to ${visible(flags.experiment)}, ${finished} finished that had been cut off, ${there} there before.`,
  );
  if (unread > 0) console.log(`${counted(unread, 'pack')} of an older form left out.`);
}

/** The packs of these runs, each once: two runs of one night share their chart. */
async function packsOf(repository: Repository, runs: readonly RunRecord[]): Promise<readonly Pack[]> {
  const packs = new Map<string, Pack>();
  for (const run of runs) {
    const pack = await packOfRun(repository, run);
    if (pack !== null) packs.set(run.id.split(':', 2).join(':'), pack);
  }
  return [...packs.values()];
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'for an unknown reason';
    const message = `The page could not be written to ${visible(file)} (${why}).`;
    throw new RatchetError('runs/page', message, 'Name a file in a folder that exists and may be written to.', { file }, error);
  }
}

function named(runs: readonly RunRecord[], id: string): RunRecord {
  const run = runs.find((one) => one.id === id);
  if (run !== undefined) return run;
  throw new RatchetError('runs/no-run', `There is no run ${visible(id)}.`, 'ratchet runs list names them all.', { id });
}
