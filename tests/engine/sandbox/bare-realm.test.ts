import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from '#engine/sandbox/sandbox.ts';

const program = fileURLToPath(new URL('./hostile-program.ts', import.meta.url));

/** The compartment is switched off: the attacker is the program itself, with the whole realm in hand. */
describe('the bare realm, alone', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start({ program });
  });
  afterAll(() => sandbox.close());

  it('holds no object that leads to the host', async () => {
    const { output } = await sandbox.call('attack', null, [new Float64Array(4)]);
    for (const [attempt, got] of Object.entries(output as Record<string, string>)) {
      expect([attempt, got]).toEqual([attempt, expect.stringMatching(/^(undefined|refused: .*)$/)]);
    }
  });

  it('runs no microtask between calls', async () => {
    await sandbox.call('schedule', null);
    await sandbox.call('schedule', null);
    expect((await sandbox.call('scheduled', null)).output).toBe(false);
  });

  it('sends no memory but that of the array itself, whatever the array says', async () => {
    for (const lie of ['length', 'buffer']) {
      expect((await sandbox.call('forge', lie)).arrays.map((array) => [...array])).toEqual([[0, 0]]);
    }
    await expect(sandbox.call('forge', 'kind')).rejects.toMatchObject({ code: 'sandbox/crashed' });
  });
});
