/*
 * npm run bench:live            from bar close to order on the wire, restart to Synced, and a week of nine symbols of minute bars
 * npm run bench:live -- --json  and, as the last line, the same as JSON
 *
 * Ends with status 1 when a figure misses its goal. The wire is loopback; the exchange is the rehearsal's, in a process of its own, and
 * ccxt speaks to it; the decision is made in the real sandbox; the journal synchronises fully.
 */
import { cpus } from 'node:os';
import { medianOf } from '../row.ts';
import { orderLatencies } from './order-latency.ts';
import { restarts } from './restart.ts';
import { replayWeek } from './week.ts';

const ORDERS = 150;
const RESTARTS = 7;
const ORDER_MS_MAX = 10;
const SYNCED_MS_MAX = 5_000;
const MEMORY_MEGABYTES_MAX = 50;
const megabytes = (bytes: number): number => bytes / 1024 / 1024;
const met = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');

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
const start = medianOf(starts);
const isPrompt = starts.at(-1)! < SYNCED_MS_MAX;
console.log(
  `Restart to Synced: ${start.toFixed(0)} ms at the median of ${starts.length}, ${starts.at(-1)!.toFixed(0)} ms at worst; ` +
    `goal: under ${SYNCED_MS_MAX} ms, ${met(isPrompt)}`,
);

const week = await replayWeek();
const [begin, end] = [week.points[0]!, week.points.at(-1)!];
const grown = megabytes(Math.max(...week.points.map(({ rss }) => rss)) - begin.rss);
const isFlat = grown < MEMORY_MEGABYTES_MAX;
console.log(`A week of ${week.symbols} symbols, ${week.bars} minute bars each, in ${week.seconds.toFixed(0)} s:`);
for (const { bars, rss, heapUsed, storeBytes } of week.points) {
  console.log(
    `  after ${String(bars).padStart(6)} bars: ${megabytes(rss).toFixed(0)} MB resident, ${megabytes(heapUsed).toFixed(1)} MB of heap, ` +
      `${megabytes(storeBytes).toFixed(1)} MB in the store`,
  );
}
const rows = Object.entries(week.rows).map(([table, count]) => `${count.toLocaleString('en')} ${table}`);
const perDecision = (end.storeBytes - begin.storeBytes) / (week.rows.decisions ?? 1);
console.log(`  kept: ${rows.join(', ')}; ${perDecision.toFixed(0)} bytes of store a decision, all that goes with it included`);
console.log(`  memory grew by ${grown.toFixed(0)} MB; goal: within ${MEMORY_MEGABYTES_MAX} MB, ${met(isFlat)}`);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ orderMs: { median, late, count: latencies.length }, syncedMs: starts, week }));
}
if (!isQuick || !isPrompt || !isFlat) process.exitCode = 1;
