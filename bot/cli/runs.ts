import { Command } from 'commander';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { counted, day, decimal, percent } from '#bot/evidence/numbers.ts';
import { compareRuns } from '#bot/runs/compare-runs.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';
import { runsOfTrials, runsOnMain } from '#bot/runs/runs-of.ts';
import { RatchetError } from '#engine/errors.ts';
import { columned } from './columned.ts';
import { openForReading, type RepositoryFlags } from './open-mirror.ts';

interface RunsFlags extends RepositoryFlags {
  readonly json?: boolean;
}

const DIGITS = 6;

/** `ratchet runs`: every evaluation that ledger and evidence know. */
export function runsCommand(): Command {
  return new Command('runs')
    .description('Every evaluation that the ledger and the evidence on main know, one by one or two side by side.')
    .addCommand(reading(new Command('list').description('List them.')).action(list))
    .addCommand(reading(new Command('show').description('All that is known of one.').argument('<run>', 'its id')).action(show))
    .addCommand(
      reading(
        new Command('compare')
          .description('Two, metric by metric, with whatever keeps them from being comparable.')
          .argument('<a>', 'the id of one')
          .argument('<b>', 'the id of the other'),
      ).action(compare),
    );
}

function reading(command: Command): Command {
  return command
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object');
}

async function allRuns(flags: RunsFlags) {
  const { repository, state } = await openForReading(flags);
  const packs = await runsOnMain(repository);
  return { runs: [...runsOfTrials(await readLedgerFrom(state)), ...packs.runs], unread: packs.unread };
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

async function show(id: string, flags: RunsFlags): Promise<void> {
  const run = named((await allRuns(flags)).runs, id);
  if (flags.json === true) return console.log(JSON.stringify(run));
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
        Object.entries(metrics).map(([name, value]) => [name, decimal(value, DIGITS)]),
        [1],
      ),
    ].join('\n'),
  );
}

async function compare(a: string, b: string, flags: RunsFlags): Promise<void> {
  const { runs } = await allRuns(flags);
  const comparison = compareRuns(named(runs, a), named(runs, b));
  if (flags.json === true) return console.log(JSON.stringify(comparison));
  const rows = comparison.metrics.map((metric) => [
    metric.name,
    ...[metric.a, metric.b, metric.difference].map((value) => decimal(value, DIGITS)),
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

function named(runs: readonly RunRecord[], id: string): RunRecord {
  const run = runs.find((one) => one.id === id);
  if (run !== undefined) return run;
  throw new RatchetError('runs/no-run', `There is no run ${visible(id)}.`, 'ratchet runs list names them all.', { id });
}
