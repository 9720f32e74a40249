import { describe, expect, it } from 'vitest';
import { chain, EMPTY_LEDGER, type LedgerEntry, type LedgerReading, readLedger } from '#bot/evidence/ledger.ts';
import { nextOpening, passesVault, recordedOpening, requireLevels, vaultPair, vaultStatus } from '#bot/evidence/vault.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { digest } from './ledger/sample-nights.ts';

const DAY_MS = 86_400_000;
const POLICY = { alpha: 0.1, margin: 0.25, daysPerOpening: 30 };
const span = (days: number) => ({ from: 0, to: days * DAY_MS });
const level = (opening: number) => (0.1 * 6) / (Math.PI * Math.PI * opening * opening);

/** A vault's days: a true lead a year, and a daily deviation of 0.8 %, as candidates of this house have it. */
function differences(leadPerYear: number, seed: number, days = 200): Float64Array {
  const random = new RandomStream(seed, 'differences');
  return Float64Array.from({ length: days }, () => leadPerYear / 365 + 0.008 * random.normal());
}

function passRate(leadPerYear: number, at: number, worlds: number, days = 200): number {
  let passed = 0;
  for (let seed = 1; seed <= worlds; seed += 1)
    if (passesVault(differences(leadPerYear, seed, days), { margin: 0.25, level: at, seed, name: 'x', resamples: 1_000 }))
      passed += 1;
  return passed / worlds;
}

describe('the vault’s question', () => {
  it('lets a version through that is worse by the margin no more often than its level says', () => {
    // 150 worlds: three standard errors above 6 % are 12 %.
    expect(passRate(-0.25, level(1), 150)).toBeLessThan(0.12);
    expect(passRate(-0.6, level(1), 150)).toBeLessThan(0.01);
  }, 60_000);

  it('lets most versions through that are as far ahead as those the search finds', () => {
    expect(passRate(0.35, level(1), 60)).toBeGreaterThan(0.75);
  }, 60_000);

  it('asks more the lower the level, and hears more the more days there are', () => {
    expect(passRate(0.2, level(5), 60)).toBeLessThan(passRate(0.2, level(1), 60));
    expect(passRate(0.2, level(5), 40, 800)).toBeGreaterThan(0.8);
  }, 60_000);

  it('passes a version that did exactly what the incumbent did, and none where there is nothing to see', () => {
    const rule = { margin: 0.25, level: level(1), seed: 1, name: 'x' };
    expect(passesVault(new Float64Array(100), rule)).toBe(true);
    expect(passesVault(new Float64Array(1), rule)).toBe(false);
    expect(passesVault(new Float64Array(0), rule)).toBe(false);
  });

  it('gives one answer to one question, whoever asks', () => {
    const doubtful = differences(0.06, 3);
    const rule = { margin: 0.25, level: level(1), seed: 7, name: digest('a') };
    expect(passesVault(doubtful, rule)).toBe(passesVault(doubtful, rule));
  });
});

describe('the vault’s budget', () => {
  it('falls with every opening and never ends', () => {
    const openings: LedgerEntry[] = [];
    for (let opening = 1; opening <= 4; opening += 1) {
      const next = nextOpening(ledgerOf(openings), POLICY, span(200), candidate(opening));
      expect(next).toMatchObject({ opening, level: level(opening), until: 200 * DAY_MS });
      openings.push(next);
    }
    const status = vaultStatus(ledgerOf(openings), POLICY, span(200));
    expect(status.standing).toBe(4);
    expect(status.spent).toBeCloseTo(
      [1, 2, 3, 4].reduce((sum, opening) => sum + level(opening), 0),
      12,
    );
    expect(status.left).toBeGreaterThan(0);
    expect(status.next).toBe(level(5));
  });

  it('gets an opening back for every thirty days that no opening has seen', () => {
    const one = nextOpening(ledgerOf([]), POLICY, span(200), candidate(1));
    const two = nextOpening(ledgerOf([one]), POLICY, span(210), candidate(2));
    expect(two.level).toBe(level(2));
    expect(vaultStatus(ledgerOf([one, two]), POLICY, span(229))).toMatchObject({ standing: 2, daysToRefill: 1 });
    const after = vaultStatus(ledgerOf([one, two]), POLICY, span(230));
    expect(after).toMatchObject({ standing: 1, next: level(2), daysToRefill: 30, refillAt: 260 * DAY_MS });
    expect(nextOpening(ledgerOf([one, two]), POLICY, span(5_000), candidate(3)).level).toBe(level(1));
  });

  it('keeps what was opened under an older policy spent', () => {
    const one = nextOpening(ledgerOf([]), { ...POLICY, alpha: 0.3 }, span(200), candidate(1));
    expect(one.level).toBeCloseTo(3 * level(1), 12);
    expect(nextOpening(ledgerOf([one]), POLICY, span(200), candidate(2)).level).toBe(level(2));
  });

  it('finds an opening at another level than its budget allowed', () => {
    const one = nextOpening(ledgerOf([]), POLICY, span(200), candidate(1));
    const two = nextOpening(ledgerOf([one]), POLICY, span(200), candidate(2));
    expect(() => requireLevels(ledgerOf([one, two]))).not.toThrow();
    expect(() => requireLevels(ledgerOf([one, { ...two, level: level(1) }]))).toThrow(
      'ledger/20260105-1.jsonl:2: the vault was opened',
    );
  });
});

describe('a candidate', () => {
  const files = new Map([
    ['strategy.ts', 'export default 1;\n'],
    ['manifest.yaml', 'id: a\n'],
  ]);

  it('is the same question in whatever tree it comes, and another against another incumbent', () => {
    const pair = vaultPair(files, 'a'.repeat(40));
    expect(vaultPair(new Map([...files].reverse()), 'a'.repeat(40))).toBe(pair);
    expect(vaultPair(files, 'b'.repeat(40))).not.toBe(pair);
    expect(vaultPair(new Map([...files, ['manifest.yaml', 'id: b\n']]), 'a'.repeat(40))).not.toBe(pair);
  });

  it('is found in the ledger with its answer, or without one where the process died', () => {
    const one = nextOpening(ledgerOf([]), POLICY, span(200), candidate(1));
    expect(recordedOpening(ledgerOf([one]), one.pair, one.until)).toEqual({ opened: one, answer: null });
    const answered = ledgerOf([one, { kind: 'vault-answered', opening: 1, answer: 'fail' }]);
    expect(recordedOpening(answered, one.pair, one.until)).toEqual({ opened: one, answer: 'fail' });
    expect(recordedOpening(answered, digest('f'), one.until)).toBeNull();
    expect(recordedOpening(answered, one.pair, one.until + 1)).toBeNull();
  });
});

function candidate(number: number) {
  return { strategy: 'ema-cross', tree: String(number).repeat(40), pair: digest(String(number)) };
}

function ledgerOf(entries: readonly LedgerEntry[]): LedgerReading {
  const { text } = chain(EMPTY_LEDGER, entries);
  return readLedger(text === '' ? new Map() : new Map([['ledger/20260105-1.jsonl', text]]));
}
