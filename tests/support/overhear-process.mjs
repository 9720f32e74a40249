// Loaded into processes of `ratchet` that tests start (--import): holds what their forge says against GitHub's contract, and writes
// down what is out of it, at once, because tests kill processes.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

const file = process.env.RATCHET_TEST_CONTRACT_FILE;
let contract;

async function look(problemIn) {
  // The program has taught this process to read TypeScript by the time its forge speaks.
  contract ??= import('./github-contract.ts');
  const problem = problemIn(await contract);
  if (problem !== null) appendFileSync(file, `${problem.replaceAll('\n', ' ')}\n`);
}

if (file !== undefined) {
  subscribe('ratchet:forge:answer', (answer) => look(({ overheardProblem }) => overheardProblem(answer)));
  subscribe('ratchet:forge:webhook', ({ event, payload }) => look(({ webhookProblem }) => webhookProblem(event, payload)));
}
