import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { questionOf, TrialCache } from '#bot/orchestrator/trial-cache.ts';
import { digestOf, digestOfJson } from '#engine/attestation/canonical.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { resultOf } from '#tests/bot/proposers/evolution/landscape.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { smallMarket } from './small-market.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder('trials');
});
afterEach(() => folder.remove());

const question = digestOf('one question');
const result: BacktestResult = (() => {
  const { resultId, metrics, trades, equity, decisions } = resultOf({ dailyGrowth: () => 0.0003 });
  return { resultId, resultDigest: digestOfJson({ metrics, trades, equity, decisions }), metrics, trades, equity, decisions };
})();

/** The one file there is, its text changed. */
function tamper(edit: (text: string) => string): void {
  const path = join(folder.path, readdirSync(folder.path)[0]!);
  writeFileSync(path, gzipSync(edit(gunzipSync(readFileSync(path)).toString('utf8'))));
}

describe('what trials came to, kept in a folder', () => {
  it('is read as it was written, by whoever opens the folder next', () => {
    new TrialCache(folder.path).write(question, result);
    expect(new TrialCache(folder.path).read(question)).toEqual(result);
    expect(new TrialCache(folder.path).read(digestOf('another'))).toBeNull();
  });

  it.each<[string, () => void]>([
    ['a number is changed', () => tamper((text) => text.replace('"trades":40', '"trades":41'))],
    ['another result stands under its seal', () => tamper((text) => text.replace(result.resultId, digestOf('else')))],
    ['it is cut short', () => tamper((text) => text.slice(0, -20))],
    ['a field is added', () => tamper((text) => text.replace('{', '{"more":1,'))],
    ['it is no archive', () => writeFileSync(join(folder.path, readdirSync(folder.path)[0]!), 'x')],
    [
      'it was given the name of another question',
      () => {
        const other = `${digestOf('another').replace('sha256:', '')}.json.gz`;
        renameSync(join(folder.path, readdirSync(folder.path)[0]!), join(folder.path, other));
      },
    ],
  ])('is not believed when %s', (_what, spoil) => {
    const cache = new TrialCache(folder.path);
    cache.write(question, result);
    spoil();
    expect(cache.read(question)).toBeNull();
    expect(cache.read(digestOf('another'))).toBeNull();
  });

  it('answers for one strategy, one configuration, one yardstick', () => {
    const { yardstick } = smallMarket(10);
    const configuration = digestOf('files');
    const questions = [
      questionOf('ema-cross', configuration, yardstick),
      questionOf('other', configuration, yardstick),
      questionOf('ema-cross', digestOf('other files'), yardstick),
      questionOf('ema-cross', configuration, { ...yardstick, capital: 1 }),
      questionOf('ema-cross', configuration, { ...yardstick, seed: 99 }),
      questionOf('ema-cross', configuration, {
        ...yardstick,
        spans: { ...yardstick.spans, development: yardstick.spans.selection },
      }),
    ];
    expect(new Set(questions).size).toBe(questions.length);
  });
});
