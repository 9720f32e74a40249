/*
 * npm run bench            a table
 * npm run bench -- --json  and, as the last line, the same as JSON
 *
 * Figures depend on the machine and on what else runs on it; the ratio to the C loop, measured in the same minute, does so least.
 * Ends with status 1 when a figure misses its goal and `--strict` is given.
 */
import { cpus } from 'node:os';
import { decisionRow, memoryRow, sandboxStartRow, sweepRow, workloadRow } from './backtest-rows.ts';
import { candleRows } from './candle-rows.ts';
import { type Row, table } from './row.ts';
import { candlesOf, W, W9 } from './workloads.ts';

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`;

const w = candlesOf(W);
const bars = w.get(W.symbols[0]!)!;
const rows: Row[] = [];
rows.push(await workloadRow(W, w, bars, 10e6, 8));
rows.push(await workloadRow(W9, candlesOf(W9), bars, 8e6, null));
rows.push(...(await candleRows(bars)));
rows.push(await memoryRow(w));
rows.push(await sandboxStartRow());
rows.push(await decisionRow(bars));
rows.push(await sweepRow(w));

console.log(`${machine}\n\n${table(rows)}`);
if (process.argv.includes('--json')) console.log(JSON.stringify({ machine, rows }));
if (process.argv.includes('--strict') && rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
