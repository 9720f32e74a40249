import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Api, type ApiOptions, startApi } from '#bot/api/start-api.ts';
import { createLog } from '#engine/log.ts';
import { type EngineFixture, engineFixture, startEngine, strategyText, until } from '#tests/engine/runtime/engine-fixture.ts';

export const token = randomBytes(32).toString('hex');
/** A strategy that buys and sells often. */
const eager = strategyText({
  symbols: ['BTC/USDT'],
  onBar: `
    if (position.isOpen && state.bars % 3 === 0) return context.exit('three bars');
    if (position.isOpen) return context.hold('in position');
    if (state.bars % 3 === 1) return context.target(0.4, 'always in', { stopLoss: 0.5 });`,
});

/** What a real engine recorded of eighty bars of a strategy that trades at every third. It has ended. */
export async function recordedFixture(): Promise<EngineFixture> {
  const fixture = await engineFixture();
  await fixture.deploy({ eager });
  const running = await startEngine(fixture.options({ catchUpBars: 80, paceMs: 3_600_000 }));
  await until('the present', () => running.events.some(({ kind }) => kind === 'caught-up'));
  await running.stop();
  return fixture;
}

export function optionsOf(fixture: EngineFixture): ApiOptions {
  const { dir } = fixture.options();
  return {
    dir,
    botDir: join(fixture.root, 'bot'),
    tokens: [token],
    port: 0,
    version: '0.1.0',
    log: createLog('silent'),
  };
}

export function apiOn(fixture: EngineFixture, change: Partial<ApiOptions> = {}): Promise<Api> {
  return startApi({ ...optionsOf(fixture), ...change });
}
