import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { engineFixture, strategyText } from '#tests/engine/runtime/engine-fixture.ts';
import { kindsOf, storeBytes, storedDecisions, storePieces } from './store-growth.ts';
import { VenueWeekEnd, type VenueWeekQuestion } from './venue-week-messages.ts';
import { pointOf, WEEK, type Week, type WeekPoint } from './week.ts';

const SYMBOLS = ['BTC', 'ETH', 'SOL', 'ADA', 'LINK', 'DOT', 'XRP', 'LTC', 'ATOM'].map((base) => `${base}/USD`);
const program = fileURLToPath(new URL('./venue-week-process.ts', import.meta.url));

/** Limits that let a strategy trade all week for the sake of trading, whatever it loses by it. */
const risk = {
  stages: {},
  orders: { canary: { consecutiveLosses: 1_000, minEdgeOverCost: 0 } },
  account: { dailyLoss: 1, maxDrawdown: 1, orderRate: { orders: 10_000, minutes: 1 }, turnover: { ratio: 1_000, hours: 24 } },
  locks: {
    stops: { count: 100, lookbackHours: 1, lockHours: 0.001 },
    lowProfit: { trades: 100, lookbackHours: 1, minReturn: -1, lockHours: 0.001 },
  },
};

/** In when fast is above slow, with a stop, and out after half an hour. */
const restless = (symbols: string[]): string =>
  strategyText({
    ...{ symbols, timeframe: '1m' },
    onBar: `
    if (position.isOpen && position.barsHeld >= 30) return context.exit('half an hour is enough');
    if (!position.isOpen && indicators.fast.value > indicators.slow.value) {
      return context.target(0.05, 'fast is above slow', { stopLoss: 0.02 });
    }
    return context.hold('nothing to do');
  `,
  });

export interface VenueWeek extends Week {
  readonly end: VenueWeekEnd;
}

/** So that a week sees two tiers at work. */
const keep = TierSettings.parse({ recordedDays: 1, fiveMinuteDays: 3 });

/** Three strategies with three symbols each, on one venue account, for a week of minute bars: every order goes to an exchange and comes back. */
export async function tradeWeek(told: (point: WeekPoint) => void, bars = WEEK): Promise<VenueWeek> {
  const fixture = await engineFixture({ symbols: ['BTC/USD'], timeframe: '1m', bars: 20, pastBars: 10 });
  try {
    const thirds = [0, 3, 6].map((from) => SYMBOLS.slice(from, from + 3));
    const strategies = Object.fromEntries(thirds.map((symbols, index) => [`third-${index + 1}`, restless(symbols)]));
    await fixture.deploy(strategies, { stage: 'canary', files: { 'policies/risk.yaml': stringify(risk) } });
    // A report reads all that there is of a version: once a minute of this time it would be most of what the week takes.
    const { market: _, ...options } = fixture.options({ pollMs: 60_000, reportEveryMs: 900_000, keep });
    const began = performance.now();
    const child = fork(program, {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      env: { ...process.env, XDG_STATE_HOME: join(fixture.root, 'state') },
    });
    const points: WeekPoint[] = [];
    let end: VenueWeekEnd | null = null;
    child.on('message', (message: object) => {
      if ('lateBars' in message) end = VenueWeekEnd.parse(message);
      else {
        points.push(pointOf(message, options.dir, child.pid!));
        told(points.at(-1)!);
      }
    });
    const question: VenueWeekQuestion = { options, symbols: SYMBOLS, bars, everyBars: Math.floor(bars / 8) };
    child.send(question);
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (code !== 0 || end === null) throw new Error(`The engine ended with ${code}.`);
    const seconds = (performance.now() - began) / 1_000;
    const { exchange } = end as VenueWeekEnd;
    const traded = { strategies: thirds.length, symbols: SYMBOLS.length, bars };
    const kinds = kindsOf(storePieces(options.dir), { ...traded, keep, exchange });
    const [fileBytes, decisions] = [storeBytes(options.dir), storedDecisions(options.dir)];
    return { ...traded, seconds, points, decisions, kinds, fileBytes, end };
  } finally {
    fixture.dispose();
  }
}
