/*
 * npm run calibrate                          1,000 nulls, the tables that stand in docs/ops/calibration.md
 * npm run calibrate -- --nulls 40 --seed 3   fewer, and other ones
 * npm run calibrate -- --json                and, as the last line, {"nulls":N,"passed":N,"power":{"<annual Sharpe>":N}}
 *
 * `passed` counts nulls for which all that speaks of evidence holds, before anything is watched; `power` is the share of planted
 * edges for which it does. Ends with status 1 when more than 1 % of the nulls pass; of fewer than 1,000, when so many pass that a
 * true rate of 1 % would make it less than once in a hundred times.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { mostBelievable } from './binomial-bound.ts';
import { calibrate, shippedRules } from './calibration.ts';
import { realExams, simulatedExams } from './exam.ts';
import { markdown, percent, tableOf } from './tally.ts';

const RATE_MOST = 0.01;
const SHARPES = [1, 2, 3] as const;
const SIMULATED = { seeds: [1, 2, 3, 4], years: 4 } as const;

const { values } = parseArgs({
  options: {
    nulls: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    trials: { type: 'string', default: '20' },
    edges: { type: 'string' },
    data: { type: 'string', default: '../shared/data' },
    json: { type: 'boolean', default: false },
  },
});
const nulls = whole('--nulls', values.nulls, 1);
const seed = whole('--seed', values.seed, 0);
const trials = whole('--trials', values.trials, 2);
const edgeNights = values.edges === undefined ? Math.ceil(nulls / 10) : whole('--edges', values.edges, 0);

const real = realExams(values.data);
const exams = real ?? simulatedExams(SIMULATED.seeds, SIMULATED.years);
const total = nulls + edgeNights * SHARPES.length;
let done = 0;
const onNight = (): void => {
  done += 1;
  if (process.stderr.isTTY || done % 50 === 0) process.stderr.write(`\r${done} of ${total} nights`);
};
const began = performance.now();
const processes = Math.min(4, cpus().length);
const found = await calibrate(shippedRules(), { exams, nulls, seed, trials, sharpes: SHARPES, edgeNights, processes, onNight });
process.stderr.write('\n');

const candles = real === null ? 'SIMULATED candles' : 'recorded candles';
const columns = [...found.nulls, { name: 'all', ...found.all }];
const { passedEvidence: passed } = found.all.money;
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`);
console.log(
  `${nulls} nulls, each the best of ${trials}, seed ${seed}, ${candles}, ${((performance.now() - began) / 60_000).toFixed(1)} minutes\n`,
);
console.log(
  `${tableOf(
    'Nulls, real money',
    columns.map(({ name, money }) => ({ name, tally: money })),
  )}\n`,
);
console.log(
  `${tableOf(
    'Nulls, paper',
    columns.map(({ name, paper }) => ({ name, tally: paper })),
  )}\n`,
);
if (found.edges.length > 0) console.log(`${powerTable()}\n`);

const most = nulls >= 1_000 ? Math.floor(RATE_MOST * nulls) : mostBelievable(nulls, RATE_MOST, 0.01);
const isWithin = passed <= most;
console.log(
  `${passed} of ${nulls} nulls pass (${percent(passed, nulls)}); ${most} may: ${isWithin ? 'within bounds' : 'TOO MANY'}`,
);
if (values.json) {
  const power = Object.fromEntries(
    found.edges.map(({ sharpe, money }) => [String(sharpe), Math.round((1_000 * money.passedEvidence) / money.asked) / 1_000]),
  );
  console.log(JSON.stringify({ nulls, passed, power }));
}
if (!isWithin) process.exitCode = 1;

function powerTable(): string {
  return markdown([
    ['Planted, annual Sharpe', 'nights', 'shown', 'chosen', 'real money: evidence', 'and what was seen after it', 'paper'],
    ...found.edges.map(({ sharpe, shown, chosen, money, paper }) => [
      String(sharpe),
      String(money.asked),
      shown.toFixed(2),
      percent(chosen, money.asked),
      percent(money.passedEvidence, money.asked),
      percent(money.passed, money.asked),
      percent(paper.passed, paper.asked),
    ]),
  ]);
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`${name} ${text} is not a whole number of at least ${least}.`);
  process.exit(2);
}
