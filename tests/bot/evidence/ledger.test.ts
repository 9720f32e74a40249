import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chain, EMPTY_LEDGER, type LedgerEntry, nextCycle, readLedger, searchOf, unfinishedNight } from '#bot/evidence/ledger.ts';

const began = (cycle: string): LedgerEntry => ({
  kind: 'night-began',
  cycle,
  strategy: 'ema-cross',
  asOf: Date.UTC(2026, 0, 5),
  parentTree: 'a'.repeat(40),
  proposer: 'evolution',
  trialsPlanned: 2,
  seed: 7,
});
const trial = (label: string): LedgerEntry => ({
  kind: 'trial',
  label,
  outcome: 'scored',
  resultId: `sha256:${'b'.repeat(64)}`,
  netReturn: 0.01,
  reason: null,
});
const ended: LedgerEntry = { kind: 'night-ended', decision: 'NO_CHANGE', reason: 'nothing', trials: 2 };

/** Two nights, the first finished. */
function twoNights(): Map<string, string> {
  const first = chain(EMPTY_LEDGER, [began('20260105-1'), trial('a'), trial('b'), ended]);
  const second = chain(first.head, [began('20260105-2'), trial('c')]);
  return new Map([
    ['ledger/20260105-2.jsonl', second.text],
    ['ledger/20260105-1.jsonl', first.text],
  ]);
}

describe('the trial ledger', () => {
  it('reads nights in their order and counts every trial', () => {
    const ledger = readLedger(twoNights());
    expect(ledger.entries).toHaveLength(6);
    expect(searchOf(ledger, '20260105-1')).toMatchObject({ trials: 2, trialsEver: 2 });
    expect(searchOf(ledger, '20260105-2')).toMatchObject({ trials: 1, trialsEver: 3 });
    expect(searchOf(ledger, '20260106-1')).toBeNull();
  });

  it('takes up the night that began and did not end', () => {
    expect(unfinishedNight(readLedger(twoNights()))?.cycle).toBe('20260105-2');
    const finished = chain(EMPTY_LEDGER, [began('20260105-1'), ended]);
    expect(unfinishedNight(readLedger(new Map([['ledger/20260105-1.jsonl', finished.text]])))).toBeNull();
  });

  it('numbers nights within the day of the market, the tenth after the ninth', () => {
    expect(nextCycle(readLedger(twoNights()), Date.UTC(2026, 0, 5, 12))).toBe('20260105-3');
    expect(nextCycle(readLedger(twoNights()), Date.UTC(2026, 0, 6))).toBe('20260106-1');
    let head = EMPTY_LEDGER;
    const files = new Map<string, string>();
    for (let number = 1; number <= 10; number += 1) {
      const night = chain(head, [began(`20260105-${number}`), ended]);
      head = night.head;
      files.set(`ledger/20260105-${number}.jsonl`, night.text);
    }
    expect(nextCycle(readLedger(files), Date.UTC(2026, 0, 5))).toBe('20260105-11');
  });

  it('names file and line where anything was rewritten, dropped, moved or cut off', () => {
    const path = 'ledger/20260105-1.jsonl';
    const original = twoNights();
    const lines = original.get(path)!.trimEnd().split('\n');
    const broken = (text: string) => () => readLedger(new Map(original).set(path, text));
    expect(broken(original.get(path)!.replace('0.01', '0.02'))).toThrow(`${path}:3`);
    expect(broken(`${[lines[0], lines[2], lines[3]].join('\n')}\n`)).toThrow(`${path}:2`);
    expect(broken(`${[lines[0], lines[2], lines[1], lines[3]].join('\n')}\n`)).toThrow(`${path}:2`);
    expect(broken(original.get(path)!.slice(0, -5))).toThrow('cut off');
    const without = new Map(original);
    without.delete(path);
    expect(() => readLedger(without)).toThrow('ledger/20260105-2.jsonl:1');
  });

  it('notices any single changed character', () => {
    const files = twoNights();
    const path = 'ledger/20260105-1.jsonl';
    const text = files.get(path)!;
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'x', '}', ' '), (at, character) => {
        fc.pre(text[at] !== character);
        const changed = new Map(files).set(path, text.slice(0, at) + character + text.slice(at + 1));
        expect(() => readLedger(changed)).toThrow();
      }),
    );
  });
});
