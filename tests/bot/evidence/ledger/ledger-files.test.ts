import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appendToNewest,
  appendToNight,
  LEDGER_HEAD_PATH,
  type LedgerEntry,
  ledgerPath,
  readLedgerFrom,
  returnsPath,
  searchOf,
} from '#bot/evidence/ledger.ts';
import { anchorsInHistory, anchorsOnMain, requireAnchors } from '#bot/evidence/ledger-anchors.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { stateRef } from '#engine/repository/state-branch.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';
import { digest, nightOf, someReturns } from './sample-nights.ts';

const [ONE, TWO, THREE] = ['20260105-1', '20260105-2', '20260106-1'] as const;

const openedOnce: LedgerEntry = {
  kind: 'vault-opened',
  opening: 1,
  strategy: 'ema-cross',
  tree: 'a'.repeat(40),
  pair: digest('e'),
  alpha: 0.1,
  daysPerOpening: 30,
  level: 0.06,
  until: 0,
};

let world: StateRepository;
beforeEach(async () => {
  world = await createStateRepository();
  await appendToNight(world.state, ONE, nightOf(ONE, someReturns(4)));
  await appendToNight(world.state, TWO, nightOf(TWO, someReturns(3, { seed: 2 })));
});
afterEach(() => world.close());

/** The complaint of the next reader. */
async function complaint(): Promise<string> {
  try {
    await readLedgerFrom(world.state);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const text = async (path: string) => (await world.state.readText(path))!;

describe('the ledger on the state branch', () => {
  it('reads what was appended, return series and all, and goes on from there', async () => {
    const ledger = await readLedgerFrom(world.state);
    expect(ledger.entries.map(({ entry }) => entry.kind)).toHaveLength(8 + 7);
    expect([...ledger.returns.keys()]).toEqual([ONE, TWO]);
    expect(searchOf(ledger, TWO)).toMatchObject({ trials: 3, trialsEver: 7 });
    await appendToNight(world.state, THREE, nightOf(THREE, null));
    expect((await readLedgerFrom(world.state)).entries).toHaveLength(15 + 3);
  });

  it('writes a line of no night into the newest, and asks again what to write when another writer was first', async () => {
    const open = () =>
      appendToNewest(world.state, (ledger) =>
        ledger.entries.some(({ entry }) => entry.kind === 'vault-opened') ? [] : [openedOnce],
      );
    await Promise.all([open(), open(), open()]);
    const { entries } = await readLedgerFrom(world.state);
    expect(entries.slice(15)).toMatchObject([{ cycle: TWO, entry: openedOnce }]);
  });

  it('takes no line into a night after another has begun, and none where the head names another last line', async () => {
    await expect(appendToNight(world.state, ONE, nightOf(ONE, null))).rejects.toThrow(`${ledgerPath(ONE)}: no line can be added`);
    const lines = await text(ledgerPath(TWO));
    await world.tamper(new Map([[ledgerPath(TWO), lines.slice(0, lines.trimEnd().lastIndexOf('\n') + 1)]]));
    await expect(appendToNight(world.state, THREE, nightOf(THREE, null))).rejects.toThrow(LEDGER_HEAD_PATH);
  });
});

describe('what somebody changed past the writers', () => {
  it('is a rewritten line', async () => {
    await world.tamper(new Map([[ledgerPath(ONE), (await text(ledgerPath(ONE))).replace('0.01', '0.09')]]));
    expect(await complaint()).toMatch(new RegExp(`^${ledgerPath(ONE)}:4: it does not follow`));
  });

  it('is a last line that was dropped or cut off', async () => {
    const lines = await text(ledgerPath(TWO));
    await world.tamper(new Map([[ledgerPath(TWO), lines.slice(0, -20)]]));
    expect(await complaint()).toMatch(new RegExp(`^${ledgerPath(TWO)}:7: the last line is cut off`));
    await world.tamper(new Map([[ledgerPath(TWO), lines.slice(0, lines.trimEnd().lastIndexOf('\n') + 1)]]));
    expect(await complaint()).toMatch(/^ledger\/head\.json: it counts 15 lines, there are 14: the last ones are missing/);
  });

  it('is a whole night that was dropped, from the middle or from the end', async () => {
    await world.tamper(new Map([[ledgerPath(TWO), null]]));
    expect(await complaint()).toMatch(/^ledger\/head\.json: it counts 15 lines, there are 8/);
    await world.tamper(
      new Map([
        [ledgerPath(TWO), await textBefore(TWO)],
        [ledgerPath(ONE), null],
      ]),
    );
    expect(await complaint()).toMatch(new RegExp(`^${ledgerPath(TWO)}:1: it does not follow`));
  });

  it('is a head that is missing, says nothing, or names another line', async () => {
    const head = await text(LEDGER_HEAD_PATH);
    await world.tamper(new Map([[LEDGER_HEAD_PATH, null]]));
    expect(await complaint()).toBe('ledger/head.json: it is missing.');
    await world.tamper(new Map([[LEDGER_HEAD_PATH, '{"hash":']]));
    expect(await complaint()).toBe('ledger/head.json: it does not name a line.');
    await world.tamper(new Map([[LEDGER_HEAD_PATH, head.replace('15', '14')]]));
    expect(await complaint()).toMatch('it does not name the last line, which is number 15');
  });

  it('is a side file that is gone, is another night’s, is no return series, or is named by nobody', async () => {
    const other = await world.state.read(returnsPath(TWO));
    await world.tamper(new Map([[returnsPath(ONE), null]]));
    expect(await complaint()).toMatch(`${returnsPath(ONE)}: it is missing; ${ledgerPath(ONE)}:7 names it`);
    await world.tamper(new Map([[returnsPath(ONE), other!]]));
    expect(await complaint()).toMatch(`${returnsPath(ONE)}: its digest is not the one that stands in the ledger`);
    await world.tamper(new Map([[returnsPath(ONE), 'rubbish']]));
    expect(await complaint()).toMatch(`${returnsPath(ONE)}: it holds no return series`);
    await world.tamper(
      new Map([
        [returnsPath(ONE), await bytesBefore(ONE)],
        [returnsPath(THREE), other!],
      ]),
    );
    expect(await complaint()).toMatch(`${returnsPath(THREE)}: no line of the ledger names it`);
  });

  it('is a line that two readers would read in two ways, however sound its chain', async () => {
    const lines = (await text(ledgerPath(TWO))).trimEnd().split('\n');
    const { sequence } = JSON.parse(lines.at(-1)!);
    for (const last of [
      lines.at(-1)!.replace('"trials":3', '"trials":1,"trials":3'),
      lines.at(-1)!.replace('"trials":3', '"trials":3.0'),
      lines.at(-1)!.replace('"trials":3', '"trials": 3'),
    ]) {
      expect(last).not.toBe(lines.at(-1));
      const head = canonicalJson({ hash: digestOf(last), sequence });
      await world.tamper(
        new Map([
          [ledgerPath(TWO), `${[...lines.slice(0, -1), last].join('\n')}\n`],
          [LEDGER_HEAD_PATH, `${head}\n`],
        ]),
      );
      expect(await complaint()).toBe(`${ledgerPath(TWO)}:7: it is not a ledger line.`);
    }
  });

  it('is a second file for one night', async () => {
    await world.tamper(new Map([['ledger/20260105-02.jsonl', await text(ledgerPath(TWO))]]));
    expect(await complaint()).toBe('ledger/20260105-02.jsonl: it is no file of the ledger.');
  });

  it('is a file that does not belong there', async () => {
    await world.tamper(new Map([['ledger/notes.txt', 'trust me']]));
    expect(await complaint()).toMatch('ledger/notes.txt: it is no file of the ledger');
  });
});

describe('what outside the ledger names its lines', () => {
  it('finds a ledger that was cut short and made sound again: the heads it had are in the branch’s history', async () => {
    await world.tamper(
      new Map([
        [ledgerPath(TWO), null],
        [returnsPath(TWO), null],
        [LEDGER_HEAD_PATH, await headBefore()],
      ]),
    );
    const ledger = await readLedgerFrom(world.state);
    const anchors = await anchorsInHistory(world.repository, await world.repository.resolve(stateRef));
    expect(anchors.map(({ sequence }) => sequence)).toEqual([8, 15, 8]);
    expect(() => requireAnchors(ledger, anchors)).toThrow('lines are missing or were written anew');
  });

  it('finds a ledger that no longer has the line a pack on main was made with, even where the history was written anew', async () => {
    const search = searchOf(await readLedgerFrom(world.state), TWO)!;
    const path = 'strategies/ema-cross/evidence/pack.json';
    await world.commitToMain(new Map([[path, canonicalJson({ cycle: TWO, search: { ledgerHead: search.ledgerHead } })]]));
    await world.commitToMain(
      new Map([[path, canonicalJson({ cycle: TWO, search: { ledgerHead: `sha256:${'9'.repeat(64)}` } })]]),
    );
    const anchors = await anchorsOnMain(world.repository);
    const ledger = await readLedgerFrom(world.state);
    expect(anchors).toHaveLength(2);
    expect(() => requireAnchors(ledger, anchors.slice(0, 1))).not.toThrow();
    expect(() => requireAnchors(ledger, anchors)).toThrow(
      /^ledger: the line sha256:9+…, which the pack of ema-cross in [0-9a-f]{8} on main names/,
    );
  });

  it('says which pack names no line at all', async () => {
    await world.commitToMain(new Map([['strategies/ema-cross/evidence/pack.json', '{}']]));
    await expect(anchorsOnMain(world.repository)).rejects.toThrow('the pack of ema-cross in');
  });
});

/** Files as they stood before this test touched them, from the commit that wrote them. */
async function commitOf(index: number) {
  const log = await world.repository.firstParentLog(null, (await world.repository.resolve(stateRef))!);
  return log[index]!.commit;
}
async function textBefore(cycle: string): Promise<string> {
  return Buffer.from((await world.repository.readFile(await commitOf(1), ledgerPath(cycle)))!).toString();
}
async function bytesBefore(cycle: string): Promise<Uint8Array> {
  return (await world.repository.readFile(await commitOf(1), returnsPath(cycle)))!;
}
async function headBefore(): Promise<string> {
  return Buffer.from((await world.repository.readFile(await commitOf(0), LEDGER_HEAD_PATH))!).toString();
}
