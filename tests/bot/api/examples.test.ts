import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '#bot/api/start-api.ts';
import { type EngineFixture, hourMs, replayFrom } from '#tests/engine/runtime/engine-fixture.ts';
import { RatchetProcess } from '#tests/support/ratchet-process.ts';
import { apiOn, recordedFixture, token } from './api-fixture.ts';

/** Blocks of the page that ask something. */
const examples = [...readFileSync('docs/ops/api.md', 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  .map(([, text]) => text!)
  .filter((text) => text.includes('curl'));
const hasCurl = spawnSync('curl', ['--version']).status === 0;

let fixture: EngineFixture;
let api: Api;
beforeAll(async () => {
  fixture = await recordedFixture();
  api = await apiOn(fixture);
}, 60_000);
afterAll(async () => {
  await api.close();
  fixture.dispose();
});

/** What a shell prints; the API is in this process, which goes on answering. */
function sh(text: string): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-e'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, RATCHET_API: api.url, RATCHET_API_TOKEN: token },
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
    });
    child.on('close', (code) => resolve({ code, stdout }));
    child.stdin.end(text);
  });
}

describe.skipIf(!hasCurl)('the examples of docs/ops/api.md (with curl)', () => {
  it('are there', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples.map((text, index) => [index + 1, text] as const))('number %i answers as the page says', async (_, text) => {
    const { code, stdout } = await sh(text);
    expect(code).toBe(0);
    const answers = stdout
      .replaceAll('}{', '}\n{')
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const answer of answers)
      expect(Object.keys(answer)).toEqual('openapi' in answer ? expect.arrayContaining(['paths']) : ['data', 'meta']);
    if (text.includes('cursor=')) expect(answers.at(-1).data).toHaveLength(2);
  });
});

describe('ratchet api', () => {
  it('does not start without a token, and answers with one until it is stopped', async () => {
    const { market, capital } = fixture.options();
    const span = { from: replayFrom, to: replayFrom + hourMs };
    const spans = { development: span, selection: span, vault: span };
    const evaluation = { dataset: market.dataset, spans, markets: market.markets, capital, seed: 1 };
    const text = JSON.stringify({ origin: 'the test', evaluation, dataset: market.dataset, replayFrom });
    writeFileSync(join(fixture.root, 'market.json'), text);
    const args = ['api', '--workspace', fixture.root, '--port', '0'];
    const refused = await new RatchetProcess(args, { RATCHET_API_TOKEN: '' }).ended;
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('api/no-token') });
    const running = new RatchetProcess(args, { RATCHET_API_TOKEN: token });
    try {
      let url: string | undefined;
      await new Promise<void>((resolve) => {
        running.child.stdout!.on('data', () => {
          url ??= /on (http:\S+)\/v1\//.exec(running.stdout)?.[1];
          if (url !== undefined) resolve();
        });
        running.child.once('close', () => resolve());
      });
      const answer = await fetch(`${url}/v1/trades?limit=1`, { headers: { Authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ data: [{ strategy: 'eager' }] });
    } finally {
      expect((await running.kill('SIGTERM')).code).toBe(0);
    }
    expect(running.stdout + running.stderr).not.toContain(token);
  });
});
