/*
 * npm run bench:live            from bar close to order on the wire, restart to Synced, and two weeks of nine symbols of minute bars:
 *                               one on paper, one on a venue account
 * npm run bench:live -- --json  and, as the last line, the same as JSON
 *
 * Ends with status 1 when a figure misses its goal; a goal has no tolerance beside it. The wire is loopback; the exchange is the
 * rehearsal's, in a process of its own, and ccxt speaks to it; decisions are made in the real sandbox; the journal synchronises fully.
 */
import { cpus } from 'node:os';
import { medianOf } from '../row.ts';
import { orderLatencies } from './order-latency.ts';
import { restarts } from './restart.ts';
import { restartsAtVenue } from './restart-at-venue.ts';
import { tradeWeek } from './venue-week.ts';
import { replayWeek, WEEK, type WeekPoint } from './week.ts';
import { judgeTrading, judgeWeek, ORDER_MS_MAX, pointLine } from './week-figures.ts';

const ORDERS = 150;
const RESTARTS = 5;
const SYNCED_MS_MAX = 5_000;
const met = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');
const tell = (point: WeekPoint): void => console.log(pointLine(point));

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`);

const latencies = await orderLatencies(ORDERS);
const median = medianOf(latencies);
const late = latencies[Math.floor(0.99 * latencies.length)]!;
const isQuick = median < ORDER_MS_MAX;
console.log(
  `Bar close to order at the exchange: ${median.toFixed(1)} ms at the median of ${latencies.length}, ${late.toFixed(1)} ms at the 99th ` +
    `percentile; goal: under ${ORDER_MS_MAX} ms at the median, ${met(isQuick)}`,
);

const starts = await restarts(RESTARTS);
console.log(`Restart to Synced, on paper: ${startLine(starts)}`);

console.log('The same with nine symbols, a position, its stop and an entry at an exchange:');
const atExchange = await restartsAtVenue(RESTARTS);
console.log(`  to Synced, and no bar behind: ${startLine(atExchange.syncedMs)}`);
console.log(`  and to the account compared with the journal: ${startLine(atExchange.comparedMs)}`);
console.log(`  to the decisions on a bar that closed before the start: ${atExchange.decidedMs.toFixed(0)} ms`);
for (const problem of atExchange.forgotten) console.log(`  FORGOTTEN: ${problem}`);
const isPrompt =
  [starts, atExchange.comparedMs].every((took) => took.at(-1)! < SYNCED_MS_MAX) && atExchange.forgotten.length === 0;

console.log(`A week on paper, ${WEEK.toLocaleString('en')} minute bars of nine symbols, one strategy:`);
const paper = await replayWeek(tell);
const onPaper = judgeWeek(paper);
for (const line of onPaper.lines) console.log(line);
console.log(`  in ${paper.seconds.toFixed(0)} s`);

console.log('The same on a venue account, three strategies with three symbols each, every order sent, filled and looked after:');
const venue = await tradeWeek(tell);
const traded = judgeTrading(venue);
const atVenue = judgeWeek(venue);
for (const line of [...traded.lines, ...atVenue.lines]) console.log(line);
console.log(`  in ${(venue.seconds / 60).toFixed(1)} minutes`);

if (process.argv.includes('--json')) {
  const orderMs = { median, late, count: latencies.length };
  console.log(JSON.stringify({ orderMs, syncedMs: starts, atExchange, paper, venue }));
}
if (!isQuick || !isPrompt || !onPaper.isMet || !traded.isMet || !atVenue.isMet) process.exitCode = 1;

/** @param took milliseconds, in rising order */
function startLine(took: readonly number[]): string {
  const worst = took.at(-1)!;
  return (
    `${medianOf(took).toFixed(0)} ms at the median of ${took.length}, ${worst.toFixed(0)} ms at worst; ` +
    `goal: under ${SYNCED_MS_MAX} ms, ${met(worst < SYNCED_MS_MAX)}`
  );
}
