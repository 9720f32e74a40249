import { describe, expect, it } from 'vitest';
import { rangesOf } from '#bot/proposers/evolution/blocks/chosen-blocks.ts';
import { Blueprint } from '#bot/proposers/evolution/blueprint.ts';
import { changesBetween } from '#bot/proposers/evolution/changes.ts';
import { complete, keyOf, snap } from '#bot/proposers/evolution/configuration.ts';
import { mutate, structuralMoves } from '#bot/proposers/evolution/moves.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import fc from '#tests/support/properties.ts';
import { blueprintWith, everyBlueprint } from './every-blueprint.ts';

describe('a structural move', () => {
  it('changes exactly one block, never to the same, and every move is a valid blueprint', () => {
    for (const from of everyBlueprint()) {
      const moves = structuralMoves(from);
      expect(new Set(moves.map((to) => JSON.stringify(to))).size).toBe(moves.length);
      for (const to of moves) {
        expect(Blueprint.parse(to)).toEqual(to);
        const changes = changesBetween({ blueprint: from, values: {} }, { blueprint: to, values: {} });
        expect(changes).toHaveLength(1);
      }
    }
  });

  it('offers longer signal bars, the pullback entry, the trailing stop and each filter to the first strategy', () => {
    const from = { blueprint: blueprintWith(), values: {} };
    const texts = structuralMoves(from.blueprint).flatMap((blueprint) => changesBetween(from, { blueprint, values: {} }));
    expect(texts.map(({ text }) => text)).toEqual([
      'signal timeframe: 1h → 4h',
      'signal timeframe: 1h → 1d',
      'entry: cross → pullback',
      'protection: stop and target → trailing stop',
      'trend filter: added',
      'rsi filter: removed',
      'volume filter: removed',
      'exit when the averages cross down: yes → no',
    ]);
  });

  it('can be undone by another', () => {
    for (const from of everyBlueprint()) {
      for (const to of structuralMoves(from)) expect(structuralMoves(to)).toContainEqual(from);
    }
  });
});

describe('a blueprint', () => {
  it('may not take signals from bars shorter than the base ones, or repeat a symbol or a filter', () => {
    const good = blueprintWith();
    expect(Blueprint.safeParse({ ...good, signal: '5m' }).success).toBe(false);
    expect(Blueprint.safeParse({ ...good, symbols: ['BTC/USDT', 'BTC/USDT'] }).success).toBe(false);
    expect(Blueprint.safeParse({ ...good, filters: ['rsi', 'rsi'] }).success).toBe(false);
    expect(Blueprint.safeParse({ ...good, surprise: 1 }).success).toBe(false);
  });

  it('has one order of filters', () => {
    expect(blueprintWith({ filters: ['volume', 'trend'] })).toEqual(blueprintWith({ filters: ['trend', 'volume'] }));
  });
});

describe('a configuration', () => {
  it('is the same one in whatever order its design and its values were put together', () => {
    const blueprint = blueprintWith();
    const turned = Object.fromEntries(Object.entries(blueprint).toReversed()) as typeof blueprint;
    expect(JSON.stringify(turned)).not.toBe(JSON.stringify(blueprint));
    expect(keyOf({ blueprint: turned, values: { slow: 48, fast: 12 } })).toBe(
      keyOf({ blueprint, values: { fast: 12, slow: 48 } }),
    );
    expect(keyOf({ blueprint: { ...blueprint, exitOnCrossDown: !blueprint.exitOnCrossDown }, values: {} })).not.toBe(
      keyOf({ blueprint, values: {} }),
    );
  });
});

describe('a parameter move', () => {
  const ranges = rangesOf(blueprintWith({ filters: ['trend', 'rsi', 'volume'] }));
  const names = Object.keys(ranges);

  it('stays on the steps of the range, and moves three numbers at most', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.01, max: 2, noNaN: true }), (seed, spread) => {
        const random = new RandomStream(seed, 'test');
        let values = complete({}, ranges);
        for (let generation = 0; generation < 20; generation += 1) {
          const next = mutate(values, ranges, random, spread);
          const moved = names.filter((name) => next[name] !== values[name]);
          expect(moved.length).toBeLessThanOrEqual(3);
          for (const name of names) expect(next[name]).toBe(snap(next[name]!, ranges[name]!));
          values = next;
        }
      }),
    );
  });

  it('snaps to the range without the dust of binary fractions', () => {
    const stop = ranges.stopLoss!;
    expect(snap(0.0349, stop)).toBe(0.035);
    expect(snap(-1, stop)).toBe(0.005);
    expect(snap(9, stop)).toBe(0.15);
    expect(snap(49, { default: 5, min: 5, max: 49, step: 10, description: 'the last step falls short of max' })).toBe(45);
  });
});
