import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseStatus } from '#engine/runtime/status.ts';
import { type EngineFixture, engineFixture, startEngine, until, untilStatus } from './engine-fixture.ts';

let fixture: EngineFixture;
let folder: string;
beforeEach(async () => {
  fixture = await engineFixture();
  folder = mkdtempSync(join(tmpdir(), 'ratchet-by-hand-'));
});
afterEach(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The commands of docs/ops/control.md, in its order. */
const [, byHand] = readFileSync('docs/ops/control.md', 'utf8').split('\n## By hand\n');
const blocks = [...byHand!.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script]) => script!);

const person = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

async function sh(script: string, cwd: string): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1', ...person };
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', script.replace('REMOTE', fixture.remote.url)], { cwd, env });
  return stdout;
}

it('the order that the documentation writes by hand is obeyed, and seen to be, though somebody else wrote in between', async () => {
  const [write, again, see] = blocks;
  const commit = await fixture.deploy({});
  const running = await startEngine(fixture.options());
  try {
    await untilStatus(fixture.options().dir, 'a status', (status) => status.commit === commit);
    await fixture.control('paused');
    await untilStatus(fixture.options().dir, 'paused', ({ mode }) => mode === 'paused');
    // The last command of the first block meets a branch that has moved.
    const push = write!.lastIndexOf('git push');
    await sh(write!.slice(0, push), folder);
    const clone = join(folder, 'ratchet-state');
    await (await fixture.state()).update('somebody else', () => new Map([['else.txt', Buffer.from('else')]]));
    await expect(sh(write!.slice(push), clone)).rejects.toThrow(/rejected/);
    await sh(again!, clone);
    await untilStatus(fixture.options().dir, 'halted', ({ mode }) => mode === 'halted');
    const status = await untilStatus(fixture.options().dir, 'the order', ({ control }) => control.by === 'alice');
    const order = JSON.parse(readFileSync(join(clone, 'control.json'), 'utf8'));
    expect(status.control).toEqual(order);
    const seen = await until('the published status', async () => {
      const published = parseStatus(await sh(see!, clone));
      return published?.mode === 'halted' ? published : null;
    });
    expect(seen.control).toEqual(order);
    expect((await sh('git ls-tree --name-only FETCH_HEAD', clone)).split('\n')).toContain('else.txt');
  } finally {
    await running.stop();
  }
}, 60_000);
