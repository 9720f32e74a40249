import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chain, EMPTY_LEDGER, type LedgerEntry, ledgerPath, readLedger, recordsOf } from '#bot/evidence/ledger.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { BacktesterPool } from '#bot/orchestrator/backtester-pool.ts';
import { askSelectionData } from '#bot/orchestrator/question.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { shippedFiles } from '#tests/support/deployment.ts';
import { smallMarket } from './small-market.ts';

const market = smallMarket();
const { yardstick } = market;
const CYCLE = '20260105-1';
const pool = new BacktesterPool(yardstick.dataset, columnsUntil(market.columns, yardstick.spans.selection.to), 2);

let incumbent: StrategyVersion;
/** Never enters, and so is ahead of an incumbent that loses to its fees. */
let idle: StrategyVersion;

beforeAll(async () => {
  const files = shippedFiles('ema-cross');
  incumbent = await readVersion('ema-cross', files);
  const manifest = files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 3').replace('rsiMax: 70', 'rsiMax: 50');
  idle = await readVersion('ema-cross', new Map([...files, ['manifest.yaml', manifest]]));
}, 60_000);
afterAll(() => pool.close());

/** A ledger in memory, and a questioner that may die when it writes. */
class Desk {
  readonly entries: LedgerEntry[] = [];
  readonly policy = { threshold: 0.05, noise: 0.000_001, answers: 2, daysPerAnswer: 30 };

  read() {
    const { text } = chain(EMPTY_LEDGER, this.entries);
    return readLedger(text === '' ? new Map() : new Map([[ledgerPath(CYCLE), text]]));
  }

  ask(candidate: StrategyVersion, replaced: StrategyVersion, writes = 2): ReturnType<typeof askSelectionData> {
    let left = writes;
    return askSelectionData({
      cycle: CYCLE,
      candidate,
      incumbent: replaced,
      yardstick,
      noise: { policy: this.policy, seed: 1, dataset: yardstick.dataset.digest },
      pool,
      readLedger: async () => this.read(),
      append: async ({ entries }) => {
        left -= 1;
        if (left < 0) throw new Error('killed');
        this.entries.push(...entries);
      },
    });
  }
}

describe('a question to the selection data', () => {
  it('is written down first, answered with one word, and asked once', async () => {
    const desk = new Desk();
    await expect(desk.ask(idle, incumbent, 0)).rejects.toThrow('killed');
    expect(desk.entries).toEqual([]);
    expect(await desk.ask(idle, incumbent)).toBe('above');
    expect(desk.entries.map(({ kind }) => kind)).toEqual(['selection-asked', 'selection-answered']);
    expect(await desk.ask(idle, incumbent, 0)).toBe('above');
    expect(JSON.stringify(desk.entries)).not.toMatch(/lead|return|sharpe/i);
  }, 60_000);

  it('is no for a version that is behind, and for one that is not ahead', async () => {
    const desk = new Desk();
    expect(await desk.ask(incumbent, idle)).toBe('below');
    expect(await desk.ask(idle, idle)).toBe('below');
  }, 60_000);

  it('that was killed half-way is finished as it would have been answered then', async () => {
    const desk = new Desk();
    await expect(desk.ask(idle, incumbent, 1)).rejects.toThrow('killed');
    expect(desk.entries.map(({ kind }) => kind)).toEqual(['selection-asked']);
    expect(await desk.ask(idle, incumbent, 1)).toBe('above');
    expect(recordsOf(desk.read(), 'selection-asked')).toHaveLength(1);
  }, 60_000);

  it('is not put when no answer is left: nothing runs and nothing is written', async () => {
    const desk = new Desk();
    const spent = (question: number): LedgerEntry[] => [
      { kind: 'selection-asked', question, candidate: `sha256:${'0'.repeat(64)}`, until: yardstick.spans.selection.to },
      { kind: 'selection-answered', question, answer: 'above' },
    ];
    desk.entries.push(...spent(1), ...spent(2));
    expect(await desk.ask(idle, incumbent, 0)).toBeNull();
    expect(desk.entries).toHaveLength(4);
  });
});
