import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RatchetError } from '#engine/errors.ts';
import { encodeHead, FRAME_KIND } from '#engine/sandbox/frame.ts';
import { FramedProcess } from '#engine/sandbox/framed-process.ts';
import { type LaunchPlan, launchOf, launchPlan } from '#engine/sandbox/launch.ts';
import { processesBelow } from '#tests/support/processes-below.ts';
import { answering } from './answering.ts';

const run = promisify(execFile);
const LIMITS = { textBytesMax: 1000, arrayCountMax: 4, arrayBytesMax: 800 };

let plan: LaunchPlan;
beforeAll(async () => {
  plan = await launchPlan();
});

/** The first two walls are switched off: hostile code runs as the sandbox process's own, with all of Node before it. */
async function outcome(code: string, chosen = plan): Promise<string> {
  const { command, args } = launchOf(chosen, `try { ${code} } catch (error) { console.log(error.code ?? error.name); }`, 64);
  const { stdout } = await run(command, [...args], {
    env: { SECRET: 'hidden' },
    cwd: '/',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  return stdout.trim();
}

describe('the process wall, alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-wall-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  describe.each([
    ['with namespaces', (p: LaunchPlan) => p, (p: LaunchPlan) => 'path' in p.bubblewrap],
    ['without namespaces', (p: LaunchPlan) => ({ ...p, bubblewrap: { why: 'switched off' } }), () => true],
  ])('%s', (_name, choose, isOffered) => {
    it.each([
      ['reads no file', `console.log(require('node:fs').readFileSync('/etc/hostname', 'utf8'))`, /^ERR_ACCESS_DENIED$/],
      ['lists no folder', `console.log(require('node:fs').readdirSync('/'))`, /^ERR_ACCESS_DENIED$/],
      [
        'makes no process',
        `console.log(require('node:child_process').execFileSync('/bin/sh', ['-c', 'id']))`,
        /^ERR_ACCESS_DENIED$/,
      ],
      [
        'makes no thread',
        `new (require('node:worker_threads').Worker)('', { eval: true }); console.log('made')`,
        /^ERR_ACCESS_DENIED$/,
      ],
      [
        'loads no native code',
        `process.dlopen({ exports: {} }, '/usr/lib/x.node'); console.log('loaded')`,
        /^ERR_(DLOPEN|ACCESS)_D/,
      ],
      [
        'has no WASI',
        `new (require('node:wasi').WASI)({ version: 'preview1' }); console.log('made')`,
        /^(ERR_ACCESS_DENIED|ReferenceError|TypeError)/,
      ],
      [
        'sees of no file whether it is there',
        `console.log(require('node:fs').statSync('/etc/hostname').size)`,
        /^ERR_ACCESS_DENIED$/,
      ],
      [
        'opens no door for a debugger',
        `require('node:inspector').open(0, '127.0.0.1'); console.log('open')`,
        /^ERR_ACCESS_DENIED$/,
      ],
      [
        'writes no picture of its memory',
        `require('node:v8').writeHeapSnapshot('/tmp/x'); console.log('wrote')`,
        /^ERR_ACCESS_DENIED$/,
      ],
      ['writes no report', `process.report.writeReport('/tmp/x'); console.log('wrote')`, /^ERR_ACCESS_DENIED$/],
      ['reaches no insides of Node', `process.binding('fs'); console.log('bound')`, /^ERR_ACCESS_DENIED$/],
      [
        'is handed no open file',
        `const fs = require('node:fs'); let open = ''; for (let fd = 3; fd < 128; fd += 1) { try { const s = fs.fstatSync(fd); if (s.isFile() || s.isDirectory() || s.isSocket()) open += fd; } catch {} } console.log('none' + open)`,
        /^none$/,
      ],
      ['has no __proto__', `console.log(String({}.__proto__))`, /^undefined$/],
    ])('%s', async (_what, code, expected) => {
      const chosen = choose(plan);
      if (!isOffered(chosen)) return;
      expect(await outcome(code, chosen)).toMatch(expected);
    });

    it('writes no file', async () => {
      const chosen = choose(plan);
      if (!isOffered(chosen)) return;
      const path = join(folder, 'written');
      expect(
        await outcome(`require('node:fs').writeFileSync(${JSON.stringify(path)}, 'x'); console.log('wrote')`, chosen),
      ).toMatch(/^E/);
      const viaDatabase = `const { DatabaseSync } = require('node:sqlite'); new DatabaseSync(${JSON.stringify(path)}).exec('create table t (a)'); console.log('wrote')`;
      expect(await outcome(viaDatabase, chosen)).not.toBe('wrote');
      // On Node 20 the permission model does not hear of traces, which go where the process was started.
      const { command, args } = launchOf(
        chosen,
        `require('node:trace_events').createTracing({ categories: ['v8'] }).enable()`,
        64,
      );
      await run(command, [...args], { env: {}, cwd: folder, timeout: 20_000, killSignal: 'SIGKILL' }).catch(() => undefined);
      expect(readdirSync(folder)).toEqual([]);
    });

    it('is given none of the engine’s environment', async () => {
      const chosen = choose(plan);
      if (!isOffered(chosen)) return;
      const child = new FramedProcess(launchOf(chosen, answering(`Object.keys(process.env).join()`), 64), LIMITS);
      const frame = await child.exchange(FRAME_KIND.call, 'test', '', [], 10_000);
      expect(frame.text.replace('PWD', '')).toBe('');
      await child.exited;
    });

    it('gets no more memory than it was given, ArrayBuffers included', async () => {
      const chosen = choose(plan);
      if (!isOffered(chosen) || !chosen.limits) return;
      const code = `const kept = []; for (let mb = 0; mb < 1024; mb += 16) kept.push(new Uint8Array(16 * 1048576).fill(1)); console.log('kept')`;
      expect(await outcome(code, chosen)).toBe('RangeError');
    });
  });

  it('reaches no socket of the machine where the platform has namespaces', async ({ skip }) => {
    if (!('path' in plan.bubblewrap)) return skip(plan.bubblewrap.why);
    for (const target of [join(folder, 'socket'), `\0ratchet-${process.pid}`]) {
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(target, () => resolve()));
      const code = `require('node:net').connect(${JSON.stringify(target)}).on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code))`;
      expect(await outcome(code)).toMatch(/^E/);
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('reaches no network where the platform has namespaces', async ({ skip }) => {
    if (!('path' in plan.bubblewrap)) return skip(plan.bubblewrap.why);
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const code = `require('node:net').connect(${port}, '127.0.0.1').on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code))`;
    expect(await outcome(code)).toMatch(/^E/);
    expect(connections).toBe(0);
    server.close();
  });

  it('can signal nobody where the platform has namespaces', async ({ skip }) => {
    if (!('path' in plan.bubblewrap)) return skip(plan.bubblewrap.why);
    expect(await outcome(`process.kill(${process.pid}, 0); console.log('signalled')`)).toBe('ESRCH');
  });
});

describe('what a terminal or a supervisor ends a whole program with', () => {
  const withoutNamespaces = (p: LaunchPlan): LaunchPlan => ({ ...p, bubblewrap: { why: 'switched off' } });
  const alone = (p: LaunchPlan): LaunchPlan => ({ ...withoutNamespaces(p), setpriv: undefined });
  /** Answers two frames with what it was asked, and then waits for its end. */
  const twice = `for (let times = 0; times < 2; times += 1) {${answering(`'so'`).replaceAll('const ', 'var ')}} for (;;);`;
  const started = async (chosen: LaunchPlan) => {
    const marker = `/* ratchet-signals-${process.pid} */`;
    const child = new FramedProcess(launchOf(chosen, `${marker}${twice}`, 64), LIMITS);
    const ask = async () => (await child.exchange(FRAME_KIND.call, 'test', '', [], 10_000)).text;
    expect(await ask()).toBe('so');
    return { child, ask, all: processesBelow(process.pid, marker) };
  };
  const end = async (child: FramedProcess) => {
    child.kill(new RatchetError('sandbox/dead', 'The test is over.', ''));
    await child.exited;
  };

  it.each([
    ['with namespaces', (p: LaunchPlan) => p, (p: LaunchPlan) => 'path' in p.bubblewrap],
    ['without namespaces', withoutNamespaces, (p: LaunchPlan) => p.setpriv !== undefined],
  ])('is nothing to a process that ends with its parent, %s', async (_name, choose, isOffered) => {
    if (!isOffered(plan)) return;
    const { child, ask, all } = await started(choose(plan));
    expect(all.length).toBeGreaterThan(0);
    for (const pid of all) {
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(pid, signal);
      // And it is of no group that a terminal knows.
      expect(groupOf(pid)).not.toBe(groupOf(process.pid));
    }
    expect(await ask()).toBe('so');
    await end(child);
    expect(all.filter((pid) => processesBelow(process.pid, '').includes(pid))).toEqual([]);
  });

  it('ends one that nothing else would end, and is told from a crash', async () => {
    const { child, ask, all } = await started(alone(plan));
    for (const pid of all) expect(groupOf(pid)).toBe(groupOf(process.pid));
    const asked = ask().catch((error) => error.code);
    expect(await asked).toBe('so');
    for (const pid of all) process.kill(pid, 'SIGINT');
    await child.exited;
    expect(child.death).toMatchObject({ code: 'sandbox/interrupted' });
  });

  it('is told from a crash behind bubblewrap, too, as long as Node has not begun', async ({ skip }) => {
    if (!('path' in plan.bubblewrap)) return skip(plan.bubblewrap.why);
    const { command, args } = launchOf(plan, '', 64);
    const node = args.lastIndexOf('--') + 1;
    const behind = [...args.slice(0, node), process.execPath, '-e', `process.kill(process.pid, 'SIGTERM'); for (;;);`];
    const child = new FramedProcess({ command, args: behind, endsWithParent: true }, LIMITS);
    await child.exited;
    expect(child.death).toMatchObject({ code: 'sandbox/interrupted', message: expect.stringContaining('143') });
  });
});

/** Of which process group it is. */
function groupOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }));
}

describe('a process that does not keep to the protocol is ended', () => {
  const bytes = (textBytes: number, lengths: number[]) =>
    `Buffer.from('${Buffer.from(encodeHead(1, FRAME_KIND.output, textBytes, lengths)).toString('hex')}', 'hex')`;
  /** The head of an answer, to what was asked or (before that) to a question made up. */
  const head = (textBytes: number, lengths: number[] = []) =>
    `Buffer.concat([${bytes(textBytes, lengths)}.subarray(0, 4), asked.subarray(4, 8), ${bytes(textBytes, lengths)}.subarray(8)])`;
  const wait = 'setInterval(() => {}, 1000);';
  const say = (bytes: string) => `require('node:fs').writeSync(1, ${bytes});`;

  it.each([
    ['speaking before it is asked', `const asked = Buffer.alloc(20, 7); ${say(head(0))}${wait}`, /nobody asked/],
    [
      'bytes that are no frame',
      `process.stdin.once('data', (asked) => { ${say(`'Hello, I am not a frame'`)} });${wait}`,
      /no frame/,
    ],
    [
      'an answer to another question',
      `process.stdin.once('data', (asked) => { asked[4] += 1; ${say(head(0))} });${wait}`,
      /nobody asked/,
    ],
    [
      'two answers',
      `process.stdin.once('data', (asked) => { ${say(`Buffer.concat([${head(0)}, ${head(0)}])`)} });${wait}`,
      /nobody asked/,
    ],
    ['a text beyond the limit', `process.stdin.once('data', (asked) => { ${say(head(1001))} });${wait}`, /1001 bytes/],
    [
      'a text of four gigabytes',
      `process.stdin.once('data', (asked) => { ${say(head(4294967295))} });${wait}`,
      /4294967295 bytes/,
    ],
    ['too many arrays', `process.stdin.once('data', (asked) => { ${say(head(0, [1, 1, 1, 1, 1]))} });${wait}`, /5 arrays/],
    ['arrays beyond the limit', `process.stdin.once('data', (asked) => { ${say(head(0, [60, 60]))} });${wait}`, /960 bytes/],
  ])('for %s', async (_what, code, expected) => {
    const child = new FramedProcess(launchOf(plan, code, 64), LIMITS);
    const answer = await child.exchange(FRAME_KIND.call, 'test', 'hello', [], 10_000).catch((error) => error);
    if (child.death === undefined) await child.exited;
    expect(child.death).toMatchObject({ code: 'sandbox/protocol' });
    expect(child.death?.message).toMatch(expected);
    expect(answer).toBeDefined();
    await child.exited;
  });

  it('for ending by itself, with what it said on the way', async () => {
    const child = new FramedProcess(launchOf(plan, `process.stderr.write('a\\nb'); process.exitCode = 3;`, 64), LIMITS);
    await expect(child.exchange(FRAME_KIND.call, 'test', '', [], 10_000)).rejects.toMatchObject({
      code: 'sandbox/crashed',
      message: expect.stringMatching(/exit 3\): a b\.$/),
    });
    await child.exited;
  });

  it('for saying nothing until the deadline', async () => {
    const child = new FramedProcess(launchOf(plan, wait, 64), LIMITS);
    await expect(child.exchange(FRAME_KIND.call, 'test', '', [], 200)).rejects.toMatchObject({ code: 'sandbox/timeout' });
    await child.exited;
  });
});
