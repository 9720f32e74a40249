import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';
import { type EngineFixture, engineFixture, exitOf, rules } from '#tests/engine/runtime/engine-fixture.ts';
import { Books, Listening, type Serving } from './messages.ts';

/** A repository to put strategies on, and an exchange in another process for the engine that follows it. */
export interface TradingPost {
  readonly fixture: EngineFixture;
  /** Of an engine that takes its bars from the exchange and sends its orders there. */
  readonly options: EngineOptionsInput;
  /** All that the exchange knows. */
  books(): Promise<Books>;
  /** For when the last engine has ended. */
  close(): Promise<void>;
}

const exchangeProgram = fileURLToPath(new URL('./exchange-process.ts', import.meta.url));

/** Accounts are locked in a folder of its own, so one at a time in a process. */
export async function openTradingPost(serving: Serving): Promise<TradingPost> {
  const own = mkdtempSync(join(tmpdir(), 'ratchet-rehearse-'));
  const stateHome = process.env.XDG_STATE_HOME;
  process.env.XDG_STATE_HOME = own;
  const fixture = await engineFixture();
  const exchange = fork(exchangeProgram, { execArgv: ['--import', 'tsx'] });
  const close = async () => {
    if (exchange.connected) exchange.disconnect();
    await exitOf(exchange);
    fixture.dispose();
    rmSync(own, { recursive: true, force: true });
    if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
    else process.env.XDG_STATE_HOME = stateHome;
  };
  try {
    const { baseUrl, key, secret } = Listening.parse(await answerOf(exchange, serving));
    const keyFile = join(own, 'key.json');
    writeFileSync(keyFile, JSON.stringify({ key, secret }), { mode: 0o600 });
    const { symbols, pace } = serving;
    const place = { exchange: 'kraken', baseUrl } as const;
    const markets = Object.fromEntries(symbols.map((symbol) => [symbol, rules]));
    const market = { ...place, symbols: [...symbols], timeframe: '1m' as const, markets, ...(pace === null ? {} : { pace }) };
    const options: EngineOptionsInput = { ...fixture.options(), market, venue: { ...place, keyFile } };
    return { fixture, options, books: async () => Books.parse(await answerOf(exchange, 'books')), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One question at a time. */
function answerOf(child: ChildProcess, question: Serving | 'books'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`The exchange ended with ${code}.`));
    child.once('exit', fail);
    child.once('message', (answer) => {
      child.off('exit', fail);
      resolve(answer);
    });
    child.send(question);
  });
}
