import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYSIS_LIMITS, analyse } from '#engine/analysis/analyse.ts';
import { fillDatabase } from '#engine/analysis/query/fill-database.ts';
import type { Material } from '#engine/analysis/query/material.ts';
import { ReadOnlyQuery } from '#engine/analysis/query/read-only-query.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
import { moduleOf } from './module-of.ts';

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;

let dir: string;
let material: Material;
const answerOf = async (body: string, limits = ANALYSIS_LIMITS) => analyse(await moduleOf(body), material, limits);
const denies = (body: string, limits = ANALYSIS_LIMITS) => expect(answerOf(body, limits)).rejects;

/** What the driver says to it, asked directly. */
function errorOf(sql: string): unknown {
  try {
    return new ReadOnlyQuery(fillDatabase(material), ANALYSIS_LIMITS).rows({ sql, parameters: [] });
  } catch (error) {
    return error;
  }
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-analysis-'));
  const store = EngineStore.open(dir);
  for (const [instant, equity] of [
    [NOW - HOUR, 1000],
    [NOW, 1100],
    [NOW + HOUR, 9999],
  ] as const) {
    const decision = { symbol: 'BTC/USDT', action: 'hold', reason: 'no cross', outcome: 'held', terms: null };
    store.addStep({
      strategy: 'cross',
      treeHash: 't1',
      instant,
      fills: [],
      trades: [],
      denials: [],
      decisions: [decision],
      equity,
    });
  }
  store.close();
  const column = (...values: number[]) => Float64Array.from(values);
  material = {
    store: dir,
    asOf: NOW,
    candles: [
      {
        symbol: 'BTC/USDT',
        timeframe: '1h',
        part: 'development',
        span: { from: 0, to: 2 * HOUR },
        columns: {
          time: column(0, HOUR),
          open: column(10, 11),
          high: column(12, 12),
          low: column(9, 10),
          close: column(11, 10),
          volume: column(5, 6),
        },
      },
    ],
  };
});

afterAll(() => rmSync(dir, { recursive: true }));

describe('an analysis module', () => {
  it('asks as often as it likes, and one answer may lead to the next question', async () => {
    const answer = await answerOf(`
      const [last] = query('SELECT max(instant) AS instant FROM equity');
      const [row] = query('SELECT value FROM equity WHERE instant = ?', [last.instant]);
      const bars = query('SELECT close FROM candles ORDER BY time');
      return { asOf: schema.asOf, value: row.value, closes: bars.map((bar) => bar.close), tables: schema.tables.length };`);
    expect(answer).toEqual({ asOf: NOW, value: 1100, closes: [11, 10], tables: 9 });
  });

  it('sees nothing that became known after the market time of the night', async () => {
    expect(await answerOf(`return query('SELECT count(*) AS n FROM decisions')[0].n;`)).toBe(2);
  });

  it('gives the same twice', async () => {
    const body = `return query('SELECT symbol, avg(close) AS mean FROM candles GROUP BY 1').map((row) => ({ ...row }));`;
    expect(await answerOf(body)).toEqual(await answerOf(body));
  });

  it('cannot change for its next run what it was answered', async () => {
    await denies(`
      const rows = query('SELECT time FROM candles');
      rows[0].time = 5;
      return query('SELECT 1 AS one').length;`).toMatchObject({
      code: 'analysis/fault',
      message: expect.stringMatching(/line 7.*read only/),
    });
  });

  it('leaves the store of the engine byte for byte as it was', async () => {
    const before = readFileSync(storePath(dir));
    await answerOf(`return query('SELECT count(*) AS n FROM trades')[0].n;`);
    expect(readFileSync(storePath(dir)).equals(before)).toBe(true);
  });
});

describe('a statement', () => {
  it.each([
    ['writes', 'DELETE FROM trades', 'does not begin with SELECT'],
    ['writes behind WITH', 'WITH x AS (SELECT 1) DELETE FROM trades', 'it would write'],
    ['attaches a file', "ATTACH '/tmp/other.sqlite' AS other", 'does not begin with SELECT'],
    ['sets a pragma', 'PRAGMA query_only = OFF', 'does not begin with SELECT'],
    ['copies the database to a file', "VACUUM INTO '/tmp/copy.sqlite'", 'does not begin with SELECT'],
    ['hides a second one', 'SELECT 1; DELETE FROM trades', 'not exactly one statement'],
    ['gives a blob', 'SELECT zeroblob(8) AS bytes', 'its column bytes holds'],
    ['gives an infinite number', 'SELECT 9e999 AS much', 'its column much holds'],
  ])('that %s is refused', (_what, sql, why) => {
    expect(errorOf(sql)).toMatchObject({ code: 'analysis/query-refused', message: expect.stringContaining(why) });
  });

  it.each([
    ["load_extension('/tmp/evil')", 'load_extension() is not here'],
    ['random()', 'random() is not here'],
    ["datetime('now')", 'datetime() is not here'],
    ["strftime('%s')", 'strftime() is not here'],
    ['CURRENT_TIMESTAMP', 'current_timestamp() is not here'],
    ["readfile('/etc/passwd')", 'no such function: readfile'],
  ])('with %s fails', (call, why) => {
    expect(errorOf(`SELECT ${call} AS x`)).toMatchObject({ code: 'analysis/query', message: expect.stringContaining(why) });
  });

  it('that the driver refuses ends the module with its words', async () => {
    await denies(`return query('DELETE FROM trades').length;`).toMatchObject({ code: 'analysis/query-refused' });
  });

  it('would be refused by the database if the driver let it pass', () => {
    expect(() => fillDatabase(material).exec('DELETE FROM candles')).toThrow('readonly');
  });

  it('that never ends is ended', async () => {
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n';
    await denies(`return query(${JSON.stringify(endless)})[0].c;`, { ...ANALYSIS_LIMITS, timeoutMs: 300 }).toMatchObject({
      code: 'analysis/query-timeout',
    });
  });

  it('that takes too much memory ends with its process', async () => {
    const huge = "SELECT length(replace(hex(zeroblob(400000000)), '0', 'xxxx')) AS n";
    await denies(`return query(${JSON.stringify(huge)})[0].n;`, { ...ANALYSIS_LIMITS, memoryMb: 128 }).toMatchObject({
      code: expect.stringMatching(/^analysis\/query(-memory)?$/),
    });
  });

  it('may give so many rows and bytes and no more', async () => {
    const numbers = (n: number) =>
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) SELECT i FROM n`;
    const limits = { ...ANALYSIS_LIMITS, rows: 100, bytes: 2_000 };
    expect(await answerOf(`return query(${JSON.stringify(numbers(100))}).length;`, limits)).toBe(100);
    await denies(`return query(${JSON.stringify(numbers(101))}).length;`, limits).toMatchObject({
      code: 'analysis/query-limit',
      message: expect.stringContaining('more than 100 rows'),
    });
    await denies(`return query("SELECT printf('%.*c', 3000, 'x') AS text").length;`, limits).toMatchObject({
      code: 'analysis/query-limit',
      message: expect.stringContaining('more than 2000 bytes'),
    });
  });

  it('is counted', async () => {
    const body = (n: number) => `let sum = 0;
      for (let i = 0; i < ${n}; i += 1) sum += query('SELECT ? AS i', [i])[0].i;
      return sum;`;
    const limits = { ...ANALYSIS_LIMITS, statements: 4 };
    expect(await answerOf(body(4), limits)).toBe(6);
    await denies(body(5), limits).toMatchObject({ code: 'analysis/statements' });
  });
});

describe('a module that goes wrong', () => {
  it.each([
    ['throws', `throw new RangeError('no such market');`, 'line 5: RangeError: no such market'],
    ['gives NaN', 'return { trend: { slope: 0 / 0 } };', 'answer.trend.slope is NaN'],
    ['gives nothing', 'return;', 'answer is no plain data: undefined'],
    ['gives a Map', 'return { all: new Map() };', 'answer.all is no plain data: Map'],
    ['gives half a character', `return { quote: '📈'.slice(0, 1) };`, 'answer.quote is a text with half a character'],
    ['names by half a character', `return { ['📈'.slice(1)]: 1 };`, 'answer has a name with half a character'],
    ['gives a function', 'return [() => 1];', 'answer[0] is no plain data: function'],
    ['gives itself', 'const own = {}; own.own = own; return own;', 'nested deeper than 12 levels'],
    ['gives a hundred megabytes', `return ['x'.repeat(100000000)];`, 'a text of 100000000 characters'],
    ['gives many values', 'return Array.from({ length: 30000 }, (_, i) => i);', 'more than 20000 values'],
    ['asks with what is no parameter', `return query('SELECT ? AS x', [0 / 0]).length;`, 'A parameter of a statement'],
    ['asks what is no text', 'return query(5).length;', 'query takes the text of a statement'],
  ])('because it %s is told so in one sentence', async (_what, body, why) => {
    await denies(body).toMatchObject({ code: 'analysis/fault', message: expect.stringContaining(why) });
  });

  it('because it loops is ended', async () => {
    await denies('for (;;) {}', { ...ANALYSIS_LIMITS, stepMs: 300 }).toMatchObject({ code: 'analysis/timeout' });
  });

  it('is refused by the static wall when it would see how it is stopped', async () => {
    await expect(moduleOf('try { return query("SELECT 1").length; } catch { return 0; }')).rejects.toThrow('try is refused');
    await expect(moduleOf('return Date.now();')).rejects.toThrow('no clock');
    await expect(moduleOf('return Math.random();')).rejects.toThrow('random');
  });

  it('says that no engine has run where there is no store', async () => {
    const module = await moduleOf('return 1;');
    await expect(analyse(module, { ...material, store: join(dir, 'none') })).rejects.toMatchObject({ code: 'store/absent' });
    expect(await analyse(module, { ...material, store: null })).toBe(1);
  });
});
