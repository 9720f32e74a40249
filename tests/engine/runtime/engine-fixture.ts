import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createKeyPair, type KeyPair } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { selectDataset } from '#engine/candles/select-dataset.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Dataset } from '#engine/candles/types.ts';
import { type Clock, systemClock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { createLog } from '#engine/log.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { Engine } from '#engine/runtime/engine.ts';
import { EngineEvent } from '#engine/runtime/events.ts';
import { type EngineOptionsInput, parseOptions, type ReplayedMarket } from '#engine/runtime/options.ts';
import { type EngineStatus, readLocalStatus } from '#engine/runtime/status.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
import { type RemoteFixture, remoteFixture } from '../repository/remote-fixture.ts';

export const hourMs = 3_600_000;
const marketFrom = Date.UTC(2024, 0, 1);
const pastBars = 1000;
/** Open time of the first bar that is played; 1,000 bars of past come before it. */
export const replayFrom = marketFrom + pastBars * hourMs;
export const symbols = ['BTC/USDT', 'ETH/USDT'];

/** The candles of a fixture. */
export interface FixtureMarket {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  /** The first `pastBars` of them only warm strategies up. */
  readonly bars: number;
  readonly pastBars: number;
}

const hours: FixtureMarket = { symbols, timeframe: '1h', bars: 1500, pastBars };

export const rules = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0.0001,
  slippageRate: 0.0003,
  volumeShare: 0.05,
  tickSize: 0.01,
  stepSize: 0.0001,
  minQuantity: 0.0001,
  minNotional: 5,
};

/** A strategy that trades often and counts in its state. `onBar` may be replaced to misbehave. */
export function strategyText(
  options: { onBar?: string; state?: string; note?: string; timeframe?: string; symbols?: string[] } = {},
): string {
  return `import { defineStrategy, ema } from 'ratchet/contract';

/** ${options.note ?? 'Buys when fast is above slow, and leaves when it is not.'} */
export default defineStrategy({
  symbols: ${JSON.stringify(options.symbols ?? symbols)},
  timeframe: '${options.timeframe ?? '1h'}',
  parameters: { slow: { default: 12, min: 4, max: 60, step: 1, description: 'bars of the slow average' } },
  warmupBars: ({ slow }) => slow * 3,
  indicators: ({ slow }) => ({ fast: ema(4), slow: ema(slow) }),
  state: ${options.state ?? '{ version: 1, initial: () => ({ bars: 0, mean: 0 }) }'},
  onBar(context) {
    const { indicators, position, state, bar } = context;
    state.bars += 1;
    state.mean += (bar.close - state.mean) / state.bars;
    ${options.onBar ?? ''}
    if (position.isOpen) {
      if (indicators.fast.value < indicators.slow.value) return context.exit('fast fell below slow');
      return context.hold('in position');
    }
    if (indicators.fast.value > indicators.slow.value && bar.close > state.mean * 0.5) {
      return context.target(0.4, 'fast is above slow', { stopLoss: 0.03, takeProfit: 0.05 });
    }
    return context.hold('no trend');
  },
});
`;
}

export interface EngineFixture {
  readonly root: string;
  readonly remote: RemoteFixture;
  readonly gate: KeyPair;
  readonly dataset: Dataset;
  options(change?: Partial<EngineOptionsInput>): EngineOptionsInput & { readonly market: ReplayedMarket };
  /** Puts strategies (id to source; null removes) on main; each is signed unless told otherwise. */
  deploy(
    strategies: Record<string, string | null>,
    how?: { signWith?: KeyPair | null; stage?: string; files?: Record<string, string | null> },
  ): Promise<CommitHash>;
  /** Signs a strategy's tree at a commit, as the gates do. */
  vouch(id: string, commit: CommitHash, key: KeyPair): Promise<void>;
  state(): Promise<StateBranch>;
  control(mode: string, text?: string): Promise<void>;
  dispose(): void;
}

export async function engineFixture(market: FixtureMarket = hours): Promise<EngineFixture> {
  const { symbols: traded, timeframe } = market;
  const root = mkdtempSync(join(tmpdir(), 'ratchet-engine-'));
  const remote = await remoteFixture();
  const gate = createKeyPair();
  const candlesDir = join(root, 'candles');
  const store = CandleStore.open(candlesDir);
  const columns = simulateMarket({ seed: 7, symbols: traded, timeframe, from: marketFrom, bars: market.bars });
  for (const [symbol, bar] of columns) {
    store.put({ venue: 'simulated', symbol, timeframe }, bar, { isSimulated: true, source: 'seed 7' });
  }
  const dataset = selectDataset(
    store,
    traded.map((symbol) => ({ symbol, timeframe })),
  );
  store.close();
  const mirror = await Repository.openMirror({ dir: join(root, 'bot.git'), remoteUrl: remote.url });
  const openState = () =>
    StateBranch.open({ repository: mirror, author: { name: 'gate', email: 'gate@example.com' }, clock: Date.now });
  const state = await openState();
  mkdirSync(join(root, 'engine'));
  const keys = { keys: [{ id: gate.id, publicKey: gate.publicKey, purpose: 'gate' }] };

  const vouch: EngineFixture['vouch'] = async (id, commit, key) => {
    const line = await mirror.firstParentLog(null, commit);
    // The base is the commit before, as for a squashed pull request; the first of all stands on itself.
    const base = line.at(-2)?.commit ?? commit;
    const tree = (await mirror.treeOf(commit, `strategies/${id}`))!;
    const statement = createStatement({
      claim: {
        kind: 'gates',
        strategy: id,
        head: commit,
        base,
        gates: { gate: 'success' },
        evidence: `sha256:${'0'.repeat(64)}`,
      },
      tree,
      policyTree: (await mirror.treeOf(base, 'policies'))!,
      verifier: 'test',
      timeVerified: 0,
    });
    const envelope = Buffer.from(canonicalJson(sign(statement, key.privateKey)));
    await state.update(`statement: ${id}`, () => new Map([[statementPath(tree), envelope]]));
  };

  return {
    root,
    remote,
    gate,
    dataset,
    vouch,
    state: openState,
    options: (change = {}) => ({
      dir: join(root, 'engine'),
      remoteUrl: remote.url,
      candlesDir,
      market: {
        dataset,
        replayFrom: marketFrom + market.pastBars * timeframeMs(timeframe),
        markets: Object.fromEntries(traded.map((symbol) => [symbol, rules])),
      },
      capital: 10_000,
      catchUpBars: 0,
      paceMs: 0,
      // Each look is half a dozen processes of git: soon enough for a test that waits, seldom enough for the machine under it.
      pollMs: 200,
      ...(change as object),
    }),
    deploy: async (strategies, { signWith = gate, stage = 'paper', files = {} } = {}) => {
      await mirror.fetch();
      const isFirst = (await mirror.resolve('main')) === null;
      const changes: Record<string, string | null> = { ...files };
      if (isFirst) {
        changes['policies/keys.yaml'] ??= stringify(keys);
        if (!('policies/risk.yaml' in changes)) changes['policies/risk.yaml'] = stringify({ stages: {} });
      }
      for (const [id, text] of Object.entries(strategies)) {
        changes[`strategies/${id}/strategy.ts`] = text;
        changes[`strategies/${id}/manifest.yaml`] =
          text === null ? null : stringify({ id, description: 'for the test', stage, entry: 'strategy.ts' });
      }
      const parent = await mirror.resolve('main');
      const commit = await mirror.commit({
        parent,
        changes: new Map(Object.entries(changes).map(([path, text]) => [path, text === null ? null : Buffer.from(text)])),
        message: 'Change strategies',
        author: { name: 'Test', email: 'test@example.com' },
        date: new Date(marketFrom),
      });
      // As with a pull request: the statement stands before main moves.
      for (const [id, text] of Object.entries(strategies))
        if (text !== null && signWith !== null) await vouch(id, commit, signWith);
      await mirror.push('main', commit, { expect: parent });
      return commit;
    },
    control: async (mode, text) => {
      const control = { mode, by: 'test', at: new Date().toISOString(), reason: 'because' };
      await state.update('control', () => new Map([['control.json', Buffer.from(text ?? JSON.stringify(control))]]));
    },
    dispose: () => {
      remote.dispose();
      // A git that outlived its engine may still write.
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** An engine in this process, with what it said. */
export interface RunningEngine {
  readonly engine: Engine;
  readonly events: EngineEvent[];
  stop(): Promise<void>;
}

export async function startEngine(options: EngineOptionsInput, clock: Clock = systemClock): Promise<RunningEngine> {
  const events: EngineEvent[] = [];
  const engine = await Engine.open(parseOptions(options), {
    clock,
    log: createLog(process.env.RATCHET_LOG_LEVEL ?? 'silent'),
    onEvent: (event) => events.push(EngineEvent.parse(event)),
  });
  const ended = engine.run();
  return {
    engine,
    events,
    stop: async () => {
      engine.stop();
      await ended;
    },
  };
}

const ratchet = fileURLToPath(new URL('../../../bot/cli/ratchet.js', import.meta.url));

export interface ForkedEngine {
  readonly child: ChildProcess;
  readonly events: EngineEvent[];
  readonly stderr: () => string;
}

/** An engine in a process of its own, as `ratchet up` starts it. @param how detached: with a process group of its own, too, as a terminal gives it one */
export function forkEngine(options: EngineOptionsInput, how: { readonly detached?: boolean } = {}): ForkedEngine {
  const child = fork(ratchet, ['engine', 'run', '--options-from-parent'], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    ...how,
  });
  const events: EngineEvent[] = [];
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  child.on('message', (message) => events.push(EngineEvent.parse(message)));
  child.send({ kind: 'options', options });
  return { child, events, stderr: () => errors };
}

/** Engines in processes of their own, none of which outlives its test. */
export class ForkedEngines {
  readonly #running: ForkedEngine[] = [];

  readonly run = (...how: Parameters<typeof forkEngine>): ForkedEngine => {
    const engine = forkEngine(...how);
    this.#running.push(engine);
    return engine;
  };

  async end(): Promise<void> {
    for (const { child } of this.#running.splice(0)) {
      child.kill('SIGKILL');
      await exitOf(child);
    }
  }
}

export function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? child.signalCode);
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
}

/** Looks again and again until there is an answer; fails with what it was waiting for. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  timeoutMs = 50_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await delay(25);
  }
}

/** Waits for an engine in a process of its own; fails at once, with its last words, when that ends instead. */
export function untilOf({ child, stderr }: ForkedEngine, what: string, look: () => boolean): Promise<boolean> {
  return until(
    what,
    () => {
      if (look()) return true;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended before ${what}: ${stderr()}`);
      return false;
    },
    90_000,
  );
}

/** Waits for a status the engine has written. */
export function untilStatus(
  dir: string,
  what: string,
  isIt: (status: EngineStatus) => boolean,
  timeoutMs?: number,
): Promise<EngineStatus> {
  let last: EngineStatus | null = null;
  return until(
    `${what}`,
    () => {
      last = readLocalStatus(dir);
      return last !== null && isIt(last) ? last : null;
    },
    timeoutMs,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)} Last: ${JSON.stringify(last)}`);
  });
}

export function read<T>(dir: string, look: (reader: EngineReader) => T): T {
  const reader = openReader(dir);
  try {
    return look(reader);
  } finally {
    reader.close();
  }
}
