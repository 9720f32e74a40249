import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandRoom, Invocation } from '#bot/commands/command.ts';
import { backtest } from '#bot/commands/tasks/backtest.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { createDeployment, type Deployment } from '#tests/support/deployment.ts';

/** Through the sandbox, over the candles that evidence is made from. */
let deployment: Deployment;
const said: string[] = [];
beforeAll(async () => {
  deployment = await createDeployment();
}, 60_000);
afterAll(() => deployment?.close());

const ask = (...words: string[]): Promise<string> => {
  const { repository, state, root } = deployment;
  const say = async (progress: string): Promise<void> => void said.push(progress);
  const openCandles = () => CandleStore.openExisting(`${root}/candles`);
  const invocation = { number: 1, isPullRequest: false, words, say };
  return backtest.answer(invocation as unknown as Invocation, { repository, state, openCandles } as unknown as CommandRoom);
};

describe('/backtest', { timeout: 60_000 }, () => {
  it('runs main over the development data, the same twice, and says what it used', async () => {
    const [first, second] = [await ask(), await ask()];
    expect(first).toBe(second);
    const { from, to } = deployment.market.evaluation.spans.development;
    expect(first).toContain(`${new Date(from).toISOString().slice(0, 10)} to ${new Date(to - 1).toISOString().slice(0, 10)}`);
    expect(first).toMatch(/Result id `sha256:[0-9a-f]{64}`/);
    expect(first).toContain('SIMULATED');
    expect(said[0]).toContain('runs over the development data');
  });

  it('takes other parameters and costs, and gives another result', async () => {
    const [plain, dear] = [await ask(), await ask('fee-rate=0.01')];
    const net = (text: string) => /Net return \| (\S+) /.exec(text)![1];
    expect(net(dear)).not.toBe(net(plain));
    await expect(ask('nonsense=3')).rejects.toThrow('nonsense');
  });

  it('says nothing about days that are held out', async () => {
    const { selection } = deployment.market.evaluation.spans;
    const first = new Date(selection.from).toISOString().slice(0, 10);
    await expect(ask(`to=${first}`)).rejects.toMatchObject({ code: 'commands/held-out' });
    await expect(ask(`from=${first}`)).rejects.toMatchObject({ code: 'commands/span' });
  });

  it('names the strategies there are when another is asked for', async () => {
    await expect(ask('strategy=ema-crss')).rejects.toMatchObject({ remedy: 'Did you mean ema-cross?' });
  });
});
