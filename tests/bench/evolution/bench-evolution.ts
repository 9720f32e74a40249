/*
 * npm run bench:evolution                              10 seeds, 150 trials each
 * npm run bench:evolution -- --seeds 2 --trials 40     fewer
 * npm run bench:evolution -- --data PATH               recorded candles from another folder
 *
 * Evolution against random search over the same grammar at the same number of evaluations, and both against the incumbent, after
 * costs. Ends with status 1 when evolution's median does not beat both; says SKIPPED where the recorded candles are not there.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { openArena } from './arena.ts';
import { contest, type Outcome } from './contest.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    trials: { type: 'string', default: '150' },
    workers: { type: 'string', default: String(availableParallelism()) },
    data: { type: 'string', default: '../shared/data' },
  },
});
const seeds = Array.from({ length: whole('--seeds', values.seeds) }, (_, index) => index + 1);
const trials = whole('--trials', values.trials);
const arena = openArena(values.data, whole('--workers', values.workers));
if (arena === null) {
  console.log(`SKIPPED: there are no recorded candles in ${values.data}.`);
  process.exit();
}
const incumbent = new Map(
  ['strategy.ts', 'manifest.yaml'].map((name) => [name, readFileSync(`strategies/ema-cross/${name}`, 'utf8')]),
);
const began = performance.now();
const print = (name: string, evolution: Outcome, random: Outcome): void => {
  console.log(`| ${name} | ${row(evolution)} | ${row(random)} |`);
};
console.log(`${seeds.length} seeds, ${trials} evaluations each, BTC/USDT and ETH/USDT, net returns after costs`);
console.log(
  `development ${day(arena.spans.development.from)} to ${day(arena.spans.development.to)}, selection to ${day(arena.spans.selection.to)}\n`,
);
console.log('| seed | evolution: fitness | development | selection | random search: fitness | development | selection |');
console.log('|---|--:|--:|--:|--:|--:|--:|');
try {
  const found = await contest(arena, incumbent, {
    seeds,
    trials,
    onMatch: ({ seed, evolution, random }) => print(String(seed), evolution, random),
  });
  print('median', found.medians.evolution, found.medians.random);
  console.log(`\nincumbent: ${row(found.incumbent)}; ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
  const won = found.matches.filter(({ evolution, random }) => evolution.selection > random.selection).length;
  console.log(`evolution is ahead of random search on the selection data in ${won} of ${seeds.length} seeds`);
  console.log(
    `median beats random search: ${found.beatsRandom ? 'YES' : 'NO'}; median beats the incumbent: ${found.beatsIncumbent ? 'YES' : 'NO'}`,
  );
  if (!found.beatsRandom || !found.beatsIncumbent) process.exitCode = 1;
} finally {
  await arena.close();
}

function row({ fitness, development, selection }: Outcome): string {
  return `${fitness.toFixed(4)} | ${percent(development)} | ${percent(selection)}`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  console.error(`${name} ${text} is not a whole number of at least 1.`);
  process.exit(2);
}
