import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ReportComposer } from '#engine/runtime/compose-report.ts';
import { keepLimits } from '#engine/runtime/limits.ts';
import { type EngineReport, reportPath, reportText } from '#engine/runtime/report.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { EngineStore, type NewDecision, type NewTrade } from '#engine/store/engine-store.ts';
import { FOLDER, ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { hourMs, rules } from '#tests/engine/runtime/engine-fixture.ts';
import { type CommandWorld, createCommandWorld } from './command-world.ts';

/**
 * The engine's own record, filled here by hand: what commands say of it is worked out again below, from what was put in. Twenty days;
 * of twenty-five trades the last six are those of the version that runs, which was loaded after the fourth day.
 */
const BEGIN = Date.UTC(2026, 1, 1);
const DAY_MS = 24 * hourMs;
const DAYS = 20;
const AS_OF = BEGIN + DAYS * DAY_MS;
const LOADED = BEGIN + 4 * DAY_MS + 4 * hourMs;
const CAPITAL = 1_000;
const [OLD, NEW] = ['a'.repeat(40), 'b'.repeat(40)];
const EQUITY = [
  1_000, 1_120, 1_010, 1_050, 990, 1_005, 1_030, 1_042, 1_001, 1_060, 1_055, 1_070, 1_030, 1_080, 1_090, 1_040, 1_066, 1_072,
  1_088,
];
const TRADES: readonly NewTrade[] = Array.from({ length: 25 }, (_, index) => {
  const [entryPrice, exitPrice, quantity, fees] = [100 + index, index % 5 < 2 ? 104 + index : 98.5 + index, 1 + index / 10, 0.5];
  const netResult = quantity * (exitPrice - entryPrice) - fees;
  const entryTime = BEGIN + (25 + index * 4) * hourMs;
  return {
    symbol: index % 2 === 0 ? 'BTC/USDT' : 'ETH/USDT',
    entryTime,
    exitTime: entryTime + 2 * hourMs,
    entryPrice,
    exitPrice,
    quantity,
    fees,
    netResult,
    netReturn: netResult / (quantity * entryPrice),
    barsHeld: 2,
    maxAdverseExcursion: 0,
    maxFavourableExcursion: 0,
    entryReason: 'crossed up | @everyone',
    exitReason: `left ${index}`,
    exitCause: 'decision',
    version: entryTime < LOADED ? OLD : NEW,
  };
});
/** One on every day; on every fourth it is refused. */
const decisionOn = (day: number): NewDecision => ({
  symbol: day % 2 === 0 ? 'ETH/USDT' : 'BTC/USDT',
  action: day % 4 === 0 ? 'target' : 'hold',
  reason: `thought ${day}`,
  outcome: day % 4 === 0 ? 'denied:min-notional' : 'held',
  terms: null,
});

const POLICIES = {
  'policies/gates.yaml': stringify({
    policies: [
      {
        name: 'money',
        matchConstraints: { stages: ['canary', 'live'] },
        validations: [
          { reason: 'was-watched', expression: 'forward.days >= 30.0', message: 'It was not watched <long> enough.' },
        ],
      },
      {
        name: 'luck',
        failureAction: 'warn',
        matchConstraints: { stages: ['canary'] },
        validations: [{ reason: 'is-skill', expression: 'evidence.statistics.deflatedSharpe >= 0.9', message: 'Only luck.' }],
      },
      {
        name: 'paper',
        matchConstraints: { stages: ['paper'] },
        validations: [{ reason: 'trades', expression: 'evidence.selection.candidate.trades >= 1.0', message: 'No trade.' }],
      },
    ],
  }),
  'policies/risk.yaml': stringify({ stages: { canary: { maxDrawdown: 0.15 } } }),
};

let open: CommandWorld;
let store: EngineStore;
let dir: string;
let report: EngineReport;
/** What the account holds at the end, in the record's own words. */
let held: { quantity: number; cost: number; entryTime: number; cash: number };
const ask = (body: string): Promise<string> => open.tell('reader', body);

beforeAll(async () => {
  open = await createCommandWorld('propose', { policies: POLICIES });
  dir = mkdtempSync(join(tmpdir(), 'ratchet-figures-'));
  store = EngineStore.open(dir);
  report = fillRecord();
}, 60_000);
afterAll(async () => {
  store?.close();
  await open?.close();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

function fillRecord(): EngineReport {
  const markets = { 'BTC/USDT': rules, 'ETH/USDT': rules };
  const account = new Simulation({ symbols: ['BTC/USDT'], markets, capital: CAPITAL, barMs: hourMs });
  const bar = (hour: number, price: number) => {
    const time = BEGIN + hour * hourMs;
    account.onBars([{ symbol: 'BTC/USDT', time, open: price, high: price, low: price, close: price, volume: 1e6 }]);
  };
  bar(24 * DAYS - 3, 100);
  account.submit([{ symbol: 'BTC/USDT', action: 'target', reason: 'in', weight: 0.5, stopLoss: 0.2, takeProfit: 0.5 }]);
  bar(24 * DAYS - 2, 100);
  bar(24 * DAYS - 1, 120);
  const { cash, books } = account.snapshot();
  const { quantity, cost, entryTime } = books[0]!.position!;
  held = { quantity: quantity!, cost: cost!, entryTime: entryTime!, cash };
  const load = (treeHash: string, instant: number) =>
    store.addDeployment({
      strategy: ID,
      treeHash,
      commitHash: 'c'.repeat(40),
      stage: 'paper',
      artifact: 'sha256:0',
      instant,
      loadedAt: instant,
      barMs: hourMs,
      symbols: 2,
    });
  load(OLD, BEGIN);
  const deployment = load(NEW, LOADED);
  const watch = { tree: NEW, stage: 'paper', since: LOADED, peak: 1_250, instant: AS_OF, equity: 1_000, dayOpening: 1_000 };
  store.setStanding({
    strategy: ID,
    deployment,
    instant: AS_OF,
    account: JSON.stringify(account.snapshot()),
    memory: JSON.stringify({
      state: null,
      restartsLeft: 1,
      heldReason: null,
      timeframe: '1h',
      watch: { ...watch, breach: null },
    }),
    positions: '[]',
  });
  keepLimits(store, { stages: { paper: { maxDrawdown: 0.08 } } });
  for (const [index, value] of [...EQUITY, equity()].entries()) {
    const instant = BEGIN + (index + 1) * DAY_MS;
    const trades = TRADES.filter(({ exitTime }) => exitTime <= instant && exitTime > instant - DAY_MS);
    const treeHash = instant < LOADED ? OLD : NEW;
    const decisions = [decisionOn(index + 1)];
    store.addStep({ strategy: ID, treeHash, instant, fills: [], trades, denials: [], decisions, equity: value });
    store.setFeedTime(instant);
  }
  const control = { mode: 'paused', by: 'octo', at: '2026-02-20T09:00:00.000Z', reason: 'the feed looks *odd*' } as const;
  return new ReportComposer(store, markets).compose(control);
}

/** The last close is 120. */
const equity = (): number => held.cash + held.quantity * 120;

/** As people read numbers, by somebody else's hand. */
const plain = (value: number, digits: number): string => {
  const format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return format.format(value).replace('-', '−');
};
const signed = (value: number, digits: number): string => `${value > 0 ? '+' : ''}${plain(value, digits)}`;
const percent = (ratio: number): string => `${plain(ratio * 100, Math.abs(ratio) < 0.1 ? 2 : 1)}%`;
const gain = (ratio: number): string => `${ratio > 0 ? '+' : ''}${percent(ratio)}`;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** How far each value is below the highest before it. */
const falls = (values: readonly number[], from = values[0]!): readonly number[] =>
  values.map((value, index) => 1 - value / Math.max(from, ...values.slice(0, index + 1)));
const dayOf = (index: number): string => new Date(BEGIN + index * DAY_MS).toISOString().slice(0, 10);

describe('what is read of the engine', () => {
  it.each(['/positions', '/readiness'])('%s says that nothing was published, before it was', async (command) => {
    expect(await ask(command)).toContain(`\`${command}\` was not done. The engine has not published a report yet.`);
  });

  it('/status says what runs where, and what main asks for instead', async () => {
    expect(await ask('/status')).toContain('The engine has not published anything yet.');
    const strategy = { id: ID, stage: 'paper', tree: NEW!, desiredTree: OLD!, commit: null, positions: 1 } as const;
    await open.publishStatus({
      status: 'Degraded',
      reason: 'one of them is refused',
      control: report.control,
      strategies: [{ ...strategy, status: 'Degraded', code: 'unsigned', reason: 'nobody has signed `it`' }],
    });
    const said = await ask('/status');
    expect(said).toContain(`**Degraded** at \`${open.base.slice(0, 12)}\`, **paused** since 2026-02-20T09:00:00.000Z by octo:`);
    expect(said).toContain(`| \`${ID}\` | paper | \`${'b'.repeat(12)}\` | Degraded | nobody has signed \\\`it\\\` |`);
  });
});

describe('what the engine has published', () => {
  beforeAll(() => open.publishReport(report));

  it('/positions gives quantity, prices, result, stop and target of what is held', async () => {
    const said = await ask('/positions');
    const { quantity, cost, cash } = held;
    expect(said).toContain(`**${ID}** (paper): equity ${plain(equity(), 0)}, of which ${plain(cash, 2)} cash.`);
    // Bought at 100 and 4 basis points; a fifth below is the stop, half above the target, both on the market's ticks.
    expect(cost / quantity).toBeCloseTo(100.04, 9);
    const result = `${signed(quantity * 120 - cost, 2)} (${gain(120 / 100.04 - 1)})`;
    expect(said).toContain(`| \`BTC/USDT\` | ${plain(quantity, 6)} | 100.0400 | 120.0000 | ${result} | 80.0300 | 150.0600 | 1 |`);
    expect(said).toContain('market time 2026-02-21 00:00 UTC');
    expect(await ask(`/positions ${ID}`)).toContain(result);
  });

  it('/trades gives the newest twenty, the last one first, and nothing a strategy wrote acts', async () => {
    const said = await ask('/trades');
    expect(said).toContain(`**${ID}**: the newest 20 of 25 trades.`);
    const rows = TRADES.slice(5)
      .toReversed()
      .map(({ exitTime, symbol, netResult, netReturn, exitReason }) => {
        const at = new Date(exitTime).toISOString().slice(0, 16).replace('T', ' ');
        const why = `crossed up &#124; @&#8203;everyone → ${exitReason} \\(decision\\)`;
        return `| ${at} | \`${symbol}\` | ${signed(netResult, 2)} | ${gain(netReturn)} | ${why} |`;
      });
    expect(said.split('\n').filter((line) => line.startsWith('| 2026'))).toEqual(rows);
  });

  it('/performance gives the figures of the account, whichever version traded', async () => {
    const said = await ask(`/performance ${ID}`);
    const results = TRADES.map(({ netResult }) => netResult);
    const wins = results.filter((result) => result > 0);
    expect(wins).toHaveLength(10);
    const deepest = Math.max(...falls([...EQUITY, equity()]));
    const now = falls([...EQUITY, equity()]).at(-1)!;
    // Two hours each, and what is held since the day began to end; of twenty days, the first of them up to its one close.
    const heldMs = TRADES.length * 2 * hourMs + (AS_OF - held.entryTime);
    const exposure = heldMs / (AS_OF - (BEGIN + DAY_MS) + hourMs);
    const figures = {
      Since: '2026-02-02',
      Equity: plain(equity(), 0),
      Return: gain(equity() / CAPITAL - 1),
      'Deepest drawdown': percent(deepest),
      'Drawdown now': percent(now),
      'Closed trades': '25',
      'Win rate': '40%',
      'Result of closed trades': signed(sum(results), 2),
      'Fees paid': plain(25 * 0.5, 2),
      'Mean trade': gain(sum(TRADES.map(({ netReturn }) => netReturn)) / 25),
      'Profit factor': plain(sum(wins) / -sum(results.filter((result) => result <= 0)), 2),
      'Time in the market': `${plain(exposure * 100, 0)}%`,
    };
    for (const [name, value] of Object.entries(figures)) expect(said).toContain(`| ${name} | ${value} |`);
  });

  it.each([
    ['/report', 7],
    ['/report 1', 1],
    ['/report 19', 19],
    ['/report 90', 90],
  ])('%s draws that many days of equity, and compares with the day before them', async (command, days) => {
    const said = await ask(command);
    const all = [...EQUITY, equity()];
    const shown = all.slice(-days - 1);
    const [lowest, highest] = [Math.min(...shown), Math.max(...shown)];
    const line = shown.map((value) => '▁▂▃▄▅▆▇█'[Math.round(((value - lowest) / (highest - lowest)) * 7)]).join('');
    // A close at midnight ends the day before. Of more days than there are, the capital is where it began.
    const [since, from] = days < DAYS ? [dayOf(DAYS - 1 - days), all.at(-1 - days)!] : [dayOf(0), CAPITAL];
    const now = `${plain(equity(), 0)} on ${dayOf(DAYS - 1)}`;
    expect(said).toContain(`- **${ID}** ${line} ${now}, ${gain(equity() / from - 1)} since ${since}.`);
    expect(said).toContain('| Closed trades | 25 |');
    expect(said).toContain('There has been no night yet.');
  });

  it('/risk gives the order in force, each limit with its use, drawdowns and refusals', async () => {
    const said = await ask('/risk');
    expect(said).toContain('**paused** since 2026-02-20T09:00:00.000Z by octo: the feed looks \\*odd\\*.');
    const exposed = (held.quantity * 120) / equity();
    const row = (title: string, used: number, limit: number, unit: string, share: string) =>
      `| ${title} | ${ID} | ${plain(used, 4)} ${unit} | ${plain(limit, 4)} ${unit} | ${share} |`;
    const share = `${plain(exposed * 100, 0)}%`;
    expect(said).toContain(row('All positions together', exposed, 1, 'share of equity', share));
    expect(said).toContain(row('The largest position', exposed, 1, 'share of equity', share));
    // A fifth lost where a twelfth may be: by how much it is passed must be seen.
    expect(said).toMatch(/\| 0\.2000 share of the highest equity \| 0\.0800 share of the highest equity \| 250\.0% \|/);
    const fallen = falls([...EQUITY, equity()]);
    const deepest = percent(Math.max(...fallen));
    expect(said).toContain(
      `- **${ID}** is ${percent(fallen.at(-1)!)} below its highest equity; the deepest fall was ${deepest}.`,
    );
    expect(said).toContain(`- **${ID}**: \`min-notional\` 5 times`);
  });

  it('/why gives the newest decisions with reason and outcome, of one symbol when one is named', async () => {
    const row = (day: number): string => {
      const { symbol, action, reason, outcome } = decisionOn(day);
      return `| ${dayOf(day)} 00:00 | \`${symbol}\` | ${action} | ${reason} | \`${outcome}\` |`;
    };
    const rows = async (body: string) => (await ask(body)).split('\n').filter((line) => line.startsWith('| 2026'));
    const days = Array.from({ length: DAYS }, (_, index) => DAYS - index);
    expect(await rows('/why')).toEqual(days.map(row));
    expect(await rows(`/why ${ID} Eth/usdt`)).toEqual(days.filter((day) => day % 2 === 0).map(row));
    expect(await ask(`/why ${ID} doge`)).toContain(`Among its newest 20 decisions **${ID}** made none about \`doge\`.`);
  });

  it('/readiness speaks of the version that runs, and of what denies the next stage', async () => {
    const said = await ask('/readiness');
    const own = TRADES.filter(({ version }) => version === NEW);
    const result = sum(own.map(({ netResult }) => netResult));
    // From its first bar on: what the account lost under the version before is not this one's.
    const deepest = Math.max(...falls([...EQUITY.slice(4), equity()]));
    expect(deepest).toBeLessThan(Math.max(...falls(EQUITY)));
    const days = Math.floor((AS_OF - LOADED) / DAY_MS);
    expect(said).toContain(
      `Forward, this version: ${days} days, 6 closed trades (${signed(result, 2)} after fees, ${gain(result / CAPITAL)} of the capital), deepest drawdown ${percent(deepest)}.`,
    );
    expect(own).toHaveLength(6);
    expect(said).toContain('Next is **canary**. It is denied when one of these is so:');
    expect(said.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- `was-watched`: It was not watched &lt;long&gt; enough.',
    ]);
    expect(said).toContain('Its drawdown there may reach 15.0%.');
  });

  it('/readiness of what is at the top, and of what has seen no bar, says so', async () => {
    const [one] = report.strategies;
    const fresh = { ...one!, id: 'fresh', stage: 'canary', performance: { ...one!.performance, since: null } } as const;
    await open.publishReport({ ...report, strategies: [{ ...one!, stage: 'live' }, fresh] });
    const said = await ask('/readiness');
    expect(said).toContain(`**${ID}**, stage **live**.`);
    expect(said).toContain('There is no stage above it.');
    const ofOne = await ask('/readiness fresh');
    expect(ofOne).not.toContain(ID);
    expect(ofOne).toContain('It has seen no bar yet.');
    expect(ofOne).toContain('No limit is written for live, so a rule that asks for one denies.');
  });

  it('says of how many more strategies the report had no room to speak, and calls none of them not running', async () => {
    await open.publishReport({ ...report, strategiesOmitted: 3 });
    for (const command of ['/positions', '/trades', '/performance', '/report', '/risk', '/readiness', '/why'])
      expect(await ask(command)).toContain('It runs 4 strategies, and publishes figures of the first 1 only.');
    expect(await ask('/positions zzz')).toContain('The engine has published no figures of "zzz".');
  });

  it('shows nothing of a report that no engine wrote, whose names would act in a comment', async () => {
    const forged = reportText(report).replaceAll(`"id":"${ID}"`, '"id":"<!-- ratchet:answer:7 --> @everyone"');
    await open.publish(reportPath, forged);
    const said = await ask('/risk');
    expect(said).toContain('report.json cannot be read');
    expect(said).not.toMatch(/@everyone|answer:7/);
  });
});

describe('/strategy', () => {
  it('shows what main has, with its versions and the commits that brought them', async () => {
    const git = (...args: string[]) => open.clone.git(...args);
    const changed = await open.moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 5;\n' });
    await open.moveMain({ 'README.md': 'No version of anything.\n' });
    const tip = await open.moveMain({ [`${FOLDER}/manifest.yaml`]: manifestWith({ fast: 12, slow: 40 }) });
    const said = await ask('/strategy');
    expect(said).toContain(`/blob/${tip}/${FOLDER}/strategy.ts)**, stage **shadow**`);
    expect(said).toContain('Parameters: `fast` 12, `slow` 40.');
    const rows = said.split('\n').filter((line) => /^\| \d{4}-/.test(line));
    const trees: string[] = [];
    for (const commit of [tip, changed, open.base])
      trees.push((await git('rev-parse', `${commit}:${FOLDER}`)).trim().slice(0, 12));
    expect(rows.map((line) => /`([0-9a-f]+)` \| \[([0-9a-f]+)\]/.exec(line)!.slice(1))).toEqual(
      [tip, changed, open.base].map((commit, index) => [trees[index], commit.slice(0, 8)]),
    );
    expect(rows.at(-1)).toContain('The first commit');
  });

  it('is asked for by name where main has two', async () => {
    const second = manifestWith({}).replace(ID, 'dip-buyer');
    await open.moveMain({
      'strategies/dip-buyer/manifest.yaml': second,
      'strategies/dip-buyer/strategy.ts': 'export default 1;\n',
    });
    expect(await ask('/strategy')).toContain(`\`/strategy\` was not done. main has 2 strategies. Name one: dip-buyer, ${ID}.`);
    expect(await ask('/strategy dip-buyer')).toContain('Parameters: as the source has them.');
  });
});

const manifestWith = (parameters: Record<string, number>): string =>
  stringify({ id: ID, description: 'It *buys*', stage: 'shadow', entry: 'strategy.ts', parameters });
