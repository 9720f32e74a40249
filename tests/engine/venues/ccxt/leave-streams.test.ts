import { setImmediate } from 'node:timers/promises';
import { pro } from 'ccxt';
import { expect, it, onTestFinished } from 'vitest';
import { leaveStreams } from '#engine/venues/ccxt/leave-streams.ts';

it('leaves a stream that somebody began and nobody waits for yet, without a rejection that ends the process', async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => void unheard.push(error);
  process.on('unhandledRejection', hear);
  onTestFinished(() => void process.off('unhandledRejection', hear));
  const exchange = new pro.kraken();
  // As Kraken's login does, which asks for a token by HTTP before anybody waits for this.
  const login: Promise<unknown> = exchange.client('wss://127.0.0.1:9').future('authenticated');

  leaveStreams(exchange, new Error('left'));
  await setImmediate();
  expect(unheard).toEqual([]);
  expect(exchange.clients).toEqual({});
  await expect(login).rejects.toThrow('left');
});
