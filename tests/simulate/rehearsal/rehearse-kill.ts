/*
 * npm run rehearse:kill -- --times 200            kills an engine so many times, at random moments, with orders under way
 * npm run rehearse:kill -- --times 20 --seed 3    at other moments
 * npm run rehearse:kill -- --json                 and, as the last line, what came of it as JSON
 *
 * It is the engine that `ratchet engine run` starts, with its sandboxes and its record on disk, and trades through ccxt on an exchange in
 * another process, two bars of a minute each second. Afterwards its journal and the exchange's books must agree on every order and every fill.
 * Ends with status 1 when they do not, or when no order was under way at any kill, so that nothing was shown.
 */
import { parseArgs } from 'node:util';
import { rehearse } from './rehearse.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const times = Number(values.times);
if (!Number.isSafeInteger(times) || times < 1) {
  console.error(`--times ${values.times} is not a whole number of at least 1.`);
  process.exit(2);
}

const rehearsed = await rehearse(times, Number(values.seed), (kills) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${kills} of ${times} kills`);
  else if (kills % 20 === 0) process.stderr.write(`${kills} of ${times} kills\n`);
});
process.stderr.write('\n');
const { killedStarting, killedTrading, inFlight, orders, fills, seconds, disagreements } = rehearsed;
console.log(
  `${times} kills in ${seconds.toFixed(0)} s, ${killedTrading} while it traded and ${killedStarting} while it started; ` +
    `${inFlight} orders were under way at a kill; ${orders} orders and ${fills} fills in all.`,
);
for (const disagreement of disagreements) console.log(disagreement);
console.log(disagreements.length === 0 ? 'No order lost, doubled or invented.' : `${disagreements.length} DISAGREEMENTS`);
if (values.json) console.log(JSON.stringify(rehearsed));
if (inFlight === 0) console.log('No order was under way at a kill: nothing was shown.');
if (disagreements.length > 0 || inFlight === 0) process.exitCode = 1;
