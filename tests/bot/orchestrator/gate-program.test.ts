import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { type GateProgram, runGateProgram } from '#bot/orchestrator/gate-program.ts';
import { explain } from '#engine/errors.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

/** The bot proves in a process of its own: what that process does, and what it may do to the bot. */

const TOKEN = 'ghs_0123456789abcdef';
const CHANGE = { base: 'a'.repeat(40), head: 'b'.repeat(40), author: 'bot' } as const;
const GUARD = `console.log(JSON.stringify({ gate: 'guard', conclusion: 'success', title: 'fine', summary: 'fine', annotations: [] }));`;
const CLOSING = `console.log(JSON.stringify({ base: '${CHANGE.base}', head: '${CHANGE.head}', gates: { guard: 'success' }, signed: [] }));`;

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder('gate-program');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => folder.remove());

/** Runs a script in the place of `ratchet`. */
async function run(script: string, more: Partial<GateProgram> = {}) {
  const path = join(folder.path, 'program.cjs');
  writeFileSync(path, script);
  const results: GateResult[] = [];
  const program = {
    command: [process.execPath, path],
    mirrorDir: 'mirror',
    remoteUrl: 'remote',
    candlesDir: 'candles',
    keyPath: 'key',
  };
  const ended = runGateProgram({ ...program, token: async () => TOKEN, ...more }, CHANGE, (result) => results.push(result)).then(
    (closing) => ({ closing, error: null }),
    (error: unknown) => ({ closing: null, error }),
  );
  return { ...(await ended), results };
}

describe('the gates in a process of their own', () => {
  it('tell each result, then the whole', async () => {
    const { closing, results } = await run(GUARD + CLOSING);
    expect(closing).toMatchObject({ gates: { guard: 'success' }, signed: [] });
    expect(results).toMatchObject([{ gate: 'guard', conclusion: 'success' }]);
  });

  it('are told what to prove, and find a token and the way to registries in their environment, and nothing else of the bot', async () => {
    vi.stubEnv('RATCHET_APP_KEY', 'the key of the App');
    vi.stubEnv('ANTHROPIC_API_KEY', 'the key of a model');
    vi.stubEnv('npm_config_registry', 'http://registry.invalid');
    const script = `
      const names = Object.keys(process.env).filter((name) => /KEY|TOKEN|registry/.test(name)).sort();
      const summary = [process.argv.slice(2).join(' '), ...names].join('|');
      console.log(JSON.stringify({ gate: 'guard', conclusion: 'success', title: 'x', summary, annotations: [] }));${CLOSING}`;
    const { results } = await run(script);
    const [args, ...names] = results[0]!.summary.split('|');
    expect(args).toBe(
      `gate all --base ${CHANGE.base} --head ${CHANGE.head} --author bot --repository mirror --remote remote --candles candles --key key --json`,
    );
    expect(names).toEqual(['RATCHET_GIT_TOKEN', 'npm_config_registry']);
  });

  it.each([
    [
      'that fail',
      `${GUARD}console.error('first');console.error('there is no such key');process.exit(2);`,
      'there is no such key',
    ],
    ['that are killed', `${GUARD}process.kill(process.pid, 'SIGKILL');`, 'ended without an answer.'],
    ['that print rubbish', `${GUARD}console.log('Hello');setInterval(() => {}, 1000);`, 'ended without an answer.'],
    ['that end before they have said it all', GUARD, 'ended without an answer.'],
  ])('%s have told what they had found, and are an error in words', async (_how, script, words) => {
    const { error, results } = await run(script);
    expect(error).toMatchObject({ code: 'gates/program', message: expect.stringContaining(words) });
    expect(explain(error)).toContain('ratchet gate all by hand');
    expect(results).toHaveLength(1);
  });

  it('that overrun are killed', async () => {
    const { error } = await run('setInterval(() => {}, 1000);', { timeoutMs: 300 });
    expect(error).toMatchObject({ code: 'gates/program' });
  });

  it('that cannot be started are an error in words', async () => {
    const { error } = await run('', { command: [join(folder.path, 'nothing')] });
    expect(error).toMatchObject({ code: 'gates/program', cause: { code: 'ENOENT' } });
  });

  it('cannot show their token to whoever reads a check, as it is or as git sends it', async () => {
    const basic = `Buffer.from('x-access-token:' + process.env.RATCHET_GIT_TOKEN).toString('base64')`;
    const leak = `process.env.RATCHET_GIT_TOKEN + ' ' + ${basic}`;
    const told = `console.log(JSON.stringify({ gate: 'guard', conclusion: 'failure', title: 'x', summary: ${leak}, annotations: [] }));`;
    const { error, results } = await run(`${told}console.error('fatal: ' + ${leak});process.exitCode = 1;`);
    expect(results[0]!.summary).toBe('*** ***');
    expect(explain(error)).toContain('fatal: *** ***');
    expect(explain(error)).not.toContain(TOKEN);
  });
});
