import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Proposer } from '#bot/proposers/proposer.ts';

/** Tries to get at the candles, and tells in a label what came of it. */
const burglar: Proposer = {
  name: 'evolution',
  async propose({ incumbent, evaluate }) {
    const store = incumbent.get('path.txt')!;
    const tried = {
      'read the catalogue': outcomeOf(() => readFileSync(`${store}/catalogue.sqlite`)),
      'list the store': outcomeOf(() => readdirSync(store)),
      'read the policies': outcomeOf(() => readFileSync('policies/held-out.yaml')),
      'write a file': outcomeOf(() => writeFileSync(`${store}/here`, 'x')),
      'start a process': outcomeOf(() => execFileSync('/bin/ls', [store])),
      'start a thread': outcomeOf(() => new Worker('1', { eval: true })),
    };
    await evaluate(incumbent, JSON.stringify(tried));
    return { candidates: [], reason: null };
  },
};
export default burglar;

function outcomeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
