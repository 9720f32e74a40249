import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confirmOrders } from '#bot/commands/engine/confirm-orders.ts';
import { RatchetError } from '#engine/errors.ts';
import { Control, controlPath, initialControl, readControl } from '#engine/runtime/control.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { type CommandWorld, createCommandWorld } from './command-world.ts';

let open: CommandWorld;
beforeAll(async () => {
  open = await createCommandWorld();
}, 60_000);
afterAll(() => open?.close());

const control = async () => Control.parse(JSON.parse((await open.state.readText(controlPath))!));
const order = (body: string) => open.comment('owner', body);
const answersTo = (id: number) => open.answersTo(id);
/** The engine has published what it obeys. @param asked what the control file says */
const confirm = (obeyed: Control, asked?: Control) => {
  const { orders, api } = open;
  const status = open.statusWith({ control: obeyed, mode: obeyed.mode });
  return confirmOrders(status, { orders, issues: api.issues, ...(asked === undefined ? {} : { asked }) });
};

describe('orders to the engine', () => {
  it.each([
    ['/pause', 'paused'],
    ['/reduce', 'reducing'],
    ['/halt', 'halted'],
    ['/resume', 'active'],
  ])('%s writes %s, as the engine reads it, for whoever said it', async (command, mode) => {
    const id = await order(`${command} spreads are wide`);
    await open.answer('owner', `${command} spreads are wide`, id);
    const text = (await open.state.readText(controlPath))!;
    const { at } = JSON.parse(text) as Control;
    expect(readControl(text, initialControl)).toEqual({
      ok: true,
      control: { mode, by: owner, at, reason: 'spreads are wide' },
    });
    expect(await answersTo(id)).toEqual([
      expect.stringContaining(
        `⏳ **${mode}** is written on the state branch for @${owner}, at ${at}. The engine has not confirmed it yet.`,
      ),
    ]);
    await confirm(await control());
    expect(await answersTo(id)).toEqual([
      expect.stringContaining(`✅ The engine has confirmed: **${mode}**, by @${owner} at ${at}.`),
    ]);
    expect(open.orders.all()).toEqual([]);
  });

  it('without a reason point to where they were given, and of a long one keep what the engine reads', async () => {
    await open.say('owner', '/pause');
    expect((await control()).reason).toBe(`commented on ${(await open.api.issues.issue(open.number)).url}`);
    await open.say('owner', `/pause ${'wide '.repeat(100)}`);
    expect((await control()).reason).toBe('wide '.repeat(60));
    await confirm(await control());
  });

  it('are confirmed where they were given, once the engine obeys just that', async () => {
    const id = await order('/halt spreads are wide');
    await open.answer('owner', '/halt spreads are wide', id);
    await open.answer('owner', '/halt spreads are wide', id);
    await confirm(initialControl);
    expect(await answersTo(id)).toEqual([expect.stringContaining('has not confirmed it yet')]);
    await confirm(await control());
    expect(await answersTo(id)).toEqual([expect.stringContaining('✅ The engine has confirmed: **halted**')]);
    expect(open.orders.all()).toEqual([]);
  });

  it('that a newer one has overtaken say so', async () => {
    const id = await order('/pause');
    await open.answer('owner', '/pause', id);
    await open.say('owner', '/resume');
    const newest = await control();
    expect(newest).toMatchObject({ mode: 'active', reason: expect.stringContaining('/pull/') });
    await confirm(newest);
    expect((await answersTo(id))[0]).toContain('was overtaken');
    expect(open.orders.all()).toEqual([]);
  });

  it('that could not be written in time do not undo what was ordered since', async () => {
    const late = await order('/resume');
    const isDown = () => Promise.reject(new RatchetError('repository/unreachable', 'The remote does not answer.', 'Wait.'));
    const state = { reload: () => open.state.reload(), update: isDown } as never;
    await expect(open.answer('owner', '/resume', late, { with: { state } })).rejects.toThrow('does not answer');
    await open.say('owner', '/halt now');
    await open.answer('owner', '/resume', late);
    expect(await control()).toMatchObject({ mode: 'halted', reason: 'now' });
    expect(await answersTo(late)).toEqual([expect.stringContaining('came to nothing')]);
    await confirm(await control());
    expect(open.orders.all()).toEqual([]);
  });

  it('are given once, though their job runs again after they were obeyed and another was given', async () => {
    const first = await order('/resume');
    await open.answer('owner', '/resume', first);
    await confirm(await control());
    await open.say('owner', '/halt again');
    await open.answer('owner', '/resume', first);
    expect(await control()).toMatchObject({ mode: 'halted', reason: 'again' });
    expect(await answersTo(first)).toEqual([expect.stringContaining('✅ The engine has confirmed: **active**')]);
  });

  it('are not held back by a date in a file that somebody wrote by hand, nor said to be overtaken by it', async () => {
    const byHand = { mode: 'active', by: 'mallory', at: '2099-01-01T00:00:00.000Z', reason: '' } as const;
    await open.publish(controlPath, JSON.stringify(byHand));
    const id = await order('/halt');
    await open.answer('owner', '/halt', id);
    const asked = await control();
    expect(asked.mode).toBe('halted');
    await confirm(byHand, asked);
    expect(await answersTo(id)).toEqual([expect.stringContaining('has not confirmed it yet')]);
    // And one from the past that is obeyed instead is told of.
    const past = { ...byHand, at: '1980-01-01T00:00:00.000Z' };
    await confirm(past, past);
    expect(await answersTo(id)).toEqual([expect.stringContaining('was overtaken')]);
  });

  it('are confirmed by an engine whose clock is behind, and which dates them by it', async () => {
    const [first, second] = [await order('/pause'), await order('/halt')];
    await open.answer('owner', '/pause', first);
    await open.answer('owner', '/halt', second);
    const asked = await control();
    const dated = (reason: string) => ({ ...asked, reason, at: new Date(Date.parse(asked.at) - 60_000).toISOString() });
    await confirm(dated('another'), asked);
    expect(await answersTo(second)).toEqual([expect.stringContaining('has not confirmed it yet')]);
    await confirm(dated(asked.reason), asked);
    expect(await answersTo(second)).toEqual([
      expect.stringContaining(`✅ The engine has confirmed: **halted**, by @${owner} at ${asked.at}`),
    ]);
    expect(await answersTo(first)).toEqual([expect.stringContaining('was overtaken')]);
  });

  it('whose answer somebody has removed do not keep others from being confirmed', async () => {
    const [gone, kept] = [await order('/pause'), await order('/halt')];
    await open.answer('owner', '/pause', gone);
    await open.answer('owner', '/halt', kept);
    const { answerId } = open.orders.all().find(({ commentId }) => commentId === gone)!;
    await open.world.bot().rest.issues.deleteComment({ owner, repo, comment_id: answerId });
    await confirm(await control());
    expect(await answersTo(kept)).toEqual([expect.stringContaining('✅')]);
    expect(open.orders.all()).toEqual([]);
  });
});
