import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OverheardAnswer, OverheardWebhook } from '#bot/forge/overheard.ts';

/**
 * Runs beside every test file. Whatever the embedded forge answers and sends, in the test's process or in one of `ratchet` that the
 * test starts, is held against GitHub's contract, whoever asked: Octokit, the bot's own client, a page. What is out of it fails the file.
 */

const answers: OverheardAnswer[] = [];
const webhooks: OverheardWebhook[] = [];
const hearAnswer = (message: unknown): void => void answers.push(message as OverheardAnswer);
const hearWebhook = (message: unknown): void => void webhooks.push(message as OverheardWebhook);
subscribe('ratchet:forge:answer', hearAnswer);
subscribe('ratchet:forge:webhook', hearWebhook);

/** Where processes write down what was wrong: see overhear-process.mjs. */
const written = join(tmpdir(), `ratchet-contract-${process.pid}-${Math.random().toString(36).slice(2)}`);
process.env.RATCHET_TEST_CONTRACT_FILE = written;

afterAll(async () => {
  unsubscribe('ratchet:forge:answer', hearAnswer);
  unsubscribe('ratchet:forge:webhook', hearWebhook);
  const problems = existsSync(written) ? readFileSync(written, 'utf8').trim().split('\n') : [];
  rmSync(written, { force: true });
  if (answers.length + webhooks.length > 0) {
    // The contract is large: only files that go through the forge read it.
    const { overheardProblem, webhookProblem } = await import('./github-contract.ts');
    problems.push(...answers.splice(0).flatMap((answer) => overheardProblem(answer) ?? []));
    problems.push(...webhooks.splice(0).flatMap(({ event, payload }) => webhookProblem(event, payload) ?? []));
  }
  if (problems.length > 0) throw new Error(`Out of GitHub's contract:\n${[...new Set(problems)].join('\n')}`);
});
