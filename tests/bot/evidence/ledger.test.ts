import { describe, expect, it } from 'vitest';
import {
  chain,
  EMPTY_LEDGER,
  type LedgerEntry,
  nextCycle,
  readLedger,
  requireStructure,
  searchOf,
  unfinishedNight,
} from '#bot/evidence/ledger.ts';
import fc from '#tests/support/properties.ts';

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
const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const planned = (...labels: string[]): LedgerEntry => ({
  kind: 'trials-planned',
  trials: labels.map((label, index) => ({ trial: index + 1, label, configuration: digest('c') })),
});
const trial = (number: number): LedgerEntry => ({
  kind: 'trial',
  trial: number,
  outcome: 'scored',
  resultId: digest('b'),
  netReturn: 0.01,
  reason: null,
});
const closed = (trials: number): LedgerEntry => ({
  kind: 'search-ended',
  trials,
  scored: trials,
  returns: digest('d'),
  ideas: Array(trials).fill(0),
});
const ended = (trials: number): LedgerEntry => ({ kind: 'night-ended', decision: 'NO_CHANGE', reason: 'nothing', trials });

const FIRST: readonly LedgerEntry[] = [began('20260105-1'), planned('a', 'b'), trial(1), trial(2), closed(2), ended(2)];

/** Two nights, the first finished. */
function twoNights(): Map<string, string> {
  const first = chain(EMPTY_LEDGER, FIRST);
  const second = chain(first.head, [began('20260105-2'), planned('c'), trial(1), closed(1)]);
  return new Map([
    ['ledger/20260105-2.jsonl', second.text],
    ['ledger/20260105-1.jsonl', first.text],
  ]);
}

describe('the trial ledger', () => {
  it('reads nights in their order and counts every trial', () => {
    const ledger = readLedger(twoNights());
    expect(ledger.entries).toHaveLength(10);
    expect(searchOf(ledger, '20260105-1')).toMatchObject({ trials: 2, trialsEver: 2 });
    expect(searchOf(ledger, '20260105-2')).toMatchObject({ trials: 1, trialsEver: 3 });
    expect(searchOf(ledger, '20260106-1')).toBeNull();
  });

  it('takes up the night that began and did not end', () => {
    expect(unfinishedNight(readLedger(twoNights()))?.cycle).toBe('20260105-2');
    const finished = chain(EMPTY_LEDGER, [began('20260105-1'), ended(0)]);
    expect(unfinishedNight(readLedger(new Map([['ledger/20260105-1.jsonl', finished.text]])))).toBeNull();
  });

  it('numbers nights within the day of the market, the tenth after the ninth', () => {
    expect(nextCycle(readLedger(twoNights()), Date.UTC(2026, 0, 5, 12))).toBe('20260105-3');
    expect(nextCycle(readLedger(twoNights()), Date.UTC(2026, 0, 6))).toBe('20260106-1');
    // A market that is behind another's does not put a night before those that were.
    expect(nextCycle(readLedger(twoNights()), Date.UTC(2026, 0, 4))).toBe('20260105-3');
    let head = EMPTY_LEDGER;
    const files = new Map<string, string>();
    for (let number = 1; number <= 10; number += 1) {
      const night = chain(head, [began(`20260105-${number}`), ended(0)]);
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
    expect(broken(original.get(path)!.replace('0.01', '0.02'))).toThrow(`${path}:4`);
    expect(broken(`${[lines[0], ...lines.slice(2)].join('\n')}\n`)).toThrow(`${path}:2`);
    expect(broken(`${[lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n')}\n`)).toThrow(`${path}:2`);
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

describe('the story the lines tell', () => {
  const story = (...entries: LedgerEntry[]) => {
    const path = 'ledger/20260105-1.jsonl';
    return () => requireStructure(readLedger(new Map([[path, chain(EMPTY_LEDGER, entries).text]])));
  };
  const asked = (question: number): LedgerEntry => ({ kind: 'selection-asked', question, candidate: digest('c'), until: 0 });
  const answered = (question: number): LedgerEntry => ({ kind: 'selection-answered', question, answer: 'above' });
  const opened = (opening: number): LedgerEntry => ({
    kind: 'vault-opened',
    opening,
    strategy: 'ema-cross',
    tree: 'a'.repeat(40),
    pair: digest('e'),
    alpha: 0.1,
    daysPerOpening: 30,
    level: 0.06,
    until: 0,
  });
  const [start, plan, one, two, close, end] = FIRST as [
    LedgerEntry,
    LedgerEntry,
    LedgerEntry,
    LedgerEntry,
    LedgerEntry,
    LedgerEntry,
  ];

  it('may be a night from its announcement to its end, with an opening of the vault after it', () => {
    expect(story(start, plan, one, two, close, asked(1), answered(1), end, opened(1))).not.toThrow();
  });

  it.each<[string, LedgerEntry[], string]>([
    ['a night that was never announced', [plan], 'begins with its announcement'],
    ['a night announced twice', [start, start], 'has begun already'],
    ['the announcement of another night', [began('20260105-2')], 'in the file of another night'],
    ['a result that nobody planned', [start, plan, trial(3)], 'never planned'],
    ['a second result of one trial', [start, plan, one, one], 'second result'],
    ['a search that ended with a trial open', [start, plan, one, close], '2 trials were planned, 1 have a result'],
    ['a plan after the search', [start, plan, one, two, close, plan], 'after the search was over'],
    ['scored trials without their returns', [start, plan, one, two, { ...close, returns: null } as LedgerEntry], 'return series'],
    [
      'ideas for other trials than were scored',
      [start, plan, one, two, { ...close, ideas: [0] } as LedgerEntry],
      'gives ideas to 1',
    ],
    ['a night that counts other trials than it has', [start, plan, one, two, close, ended(3)], 'counts 3 trials'],
    ['a question before the search was over', [start, plan, asked(1)], 'before the search was over'],
    ['an answer to no question', [start, plan, one, two, close, answered(1)], 'never written down'],
    ['a question whose number was skipped', [start, plan, one, two, close, asked(2)], 'question 2 where 1 follows'],
    ['an opening whose number was skipped', [start, opened(2)], 'opening 2 where 1 follows'],
  ])('cannot be %s', (_name, entries, expected) => {
    expect(story(...entries)).toThrow(expected);
  });

  it('cannot be a night that began while the one before it had not ended', () => {
    const first = chain(EMPTY_LEDGER, [start, plan]);
    const second = chain(first.head, [began('20260105-2')]);
    const files = new Map([
      ['ledger/20260105-1.jsonl', first.text],
      ['ledger/20260105-2.jsonl', second.text],
    ]);
    expect(() => requireStructure(readLedger(files))).toThrow(
      'ledger/20260105-2.jsonl:1: the night before it, 20260105-1, has not ended',
    );
  });
});
