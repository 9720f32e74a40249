// Loaded into processes of `ratchet` that tests start (--import): holds what their forge says against GitHub's contract, and writes
// down what is out of it, at once, because tests kill processes.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { tsImport } from 'tsx/esm/api';

const file = process.env.RATCHET_TEST_CONTRACT_FILE;
let contract;

async function look(problemIn) {
  contract ??= tsImport('./github-contract.ts', import.meta.url);
  const problem = problemIn(await contract);
  if (problem !== null) appendFileSync(file, `${problem.replaceAll('\n', ' ')}\n`);
}

if (file !== undefined) {
  subscribe('ratchet:forge:answer', (answer) => look(({ overheardProblem }) => overheardProblem(answer)));
  subscribe('ratchet:forge:webhook', ({ event, payload }) => look(({ webhookProblem }) => webhookProblem(event, payload)));
}
