import { runSeed } from './run-seed.ts';

/* Runs the seeds its parent sends, one after the other, and sends back what came of each. */

process.on('message', (seed: number) => {
  void runSeed(seed).then((result) => process.send!(result));
});
