import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Sandbox } from '#engine/sandbox/sandbox.ts';

const program = fileURLToPath(new URL('./evaluating-program.ts', import.meta.url));

describe('Sandbox', () => {
  it('carries JSON and doubles both ways, bit for bit', async () => {
    const sandbox = await Sandbox.start({ program });
    const array = new Float64Array([1, -0, NaN, Infinity, 5e-324]);
    const input = { text: 'ü € 😀', nested: [1, { a: null }], '': true };
    const { output, arrays } = await sandbox.call('echo', input, [array, new Float64Array(0), array.subarray(1, 3)]);
    expect(output).toEqual(input);
    expect(arrays.map((item) => [...item])).toEqual([[...array], [], [-0, NaN]]);
    await sandbox.close();
  });

  it('carries a million bars', async () => {
    const sandbox = await Sandbox.start({ program });
    const columns = Array.from({ length: 6 }, (_, column) => Float64Array.from({ length: 1_000_000 }, (_, row) => row * column));
    const { arrays } = await sandbox.call('echo', null, columns);
    expect(arrays.map((array, index) => Buffer.compare(Buffer.from(array.buffer), Buffer.from(columns[index]!.buffer)))).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    await sandbox.close();
  });

  it('answers calls in the order they were made', async () => {
    const sandbox = await Sandbox.start({ program });
    const answers = await Promise.all([1, 2, 3, 4].map((n) => sandbox.call('echo', n)));
    expect(answers.map((answer) => answer.output)).toEqual([1, 2, 3, 4]);
    await sandbox.close();
  });

  it('an unknown method is a fault', async () => {
    const sandbox = await Sandbox.start({ program });
    await expect(sandbox.call('toString', null)).rejects.toMatchObject({ code: 'sandbox/strategy-fault' });
    await sandbox.close();
  });

  it('is dead after a timeout, and says so to those who wait and those who come later', async () => {
    const sandbox = await Sandbox.start({ program, callTimeoutMs: 300 });
    await sandbox.call('load', 'module.exports = { default: () => { for (;;) {} } };');
    const running = sandbox.call('run', null);
    const waiting = sandbox.call('echo', 1);
    await expect(running).rejects.toMatchObject({ code: 'sandbox/timeout', details: { timeoutMs: 300 } });
    await expect(waiting).rejects.toMatchObject({ code: 'sandbox/dead' });
    expect(sandbox.isAlive).toBe(false);
    await expect(sandbox.call('echo', 1)).rejects.toMatchObject({ code: 'sandbox/dead' });
    await sandbox.close();
  });

  it('a call under way when it is closed is told so', async () => {
    const sandbox = await Sandbox.start({ program });
    await sandbox.call('load', 'module.exports = { default: () => { for (;;) {} } };');
    const running = sandbox.call('run', null);
    const told = expect(running).rejects.toMatchObject({ code: 'sandbox/dead' });
    await sandbox.close();
    await told;
    await sandbox.close();
  });

  it('an answer beyond measure is the end of it', async () => {
    const sandbox = await Sandbox.start({ program });
    await sandbox.call('load', 'module.exports = { default: () => "x".repeat(7e7) };');
    await expect(sandbox.call('run', null)).rejects.toMatchObject({ code: 'sandbox/protocol' });
    expect(sandbox.isAlive).toBe(false);
    await sandbox.close();
  });

  it('a program that cannot be bundled is named', async () => {
    await expect(Sandbox.start({ program: '/does/not/exist.ts' })).rejects.toMatchObject({ code: 'sandbox/program' });
  });
});
