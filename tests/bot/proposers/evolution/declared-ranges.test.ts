import { describe, expect, it } from 'vitest';
import { declaredRanges } from '#bot/proposers/evolution/declared-ranges.ts';

describe('reading the ranges a source declares', () => {
  it('finds them in a text that no blueprint ever printed', () => {
    const source = `
      import { defineStrategy, sma } from 'ratchet/contract';
      const definition = defineStrategy({
        symbols: ['BTC/USDT'],
        timeframe: '1h',
        warmupBars: () => 50,
        indicators: (parameters) => ({ mean: sma(parameters.length) }),
        parameters: {
          'length': { description: 'bars', min: 5, max: 50, step: 5, default: 20 },
          offset: { default: -0.01, min: -0.05, max: 0, step: 0.01, description: 'ratio' },
        },
        onBar: (context) => context.hold('never'),
      });
      export default definition;`;
    expect(declaredRanges(source)).toEqual({
      length: { default: 20, min: 5, max: 50, step: 5, description: 'bars' },
      offset: { default: -0.01, min: -0.05, max: 0, step: 0.01, description: 'ratio' },
    });
  });

  it('leaves out what is computed, incomplete or the wrong way round', () => {
    const source = `export default {
      parameters: {
        computed: { default: 2 * 7, min: 5, max: 50, step: 5, description: 'bars' },
        incomplete: { default: 3, min: 1 },
        reversed: { default: 3, min: 9, max: 1, step: 1, description: 'bars' },
        standing: { default: 3, min: 1, max: 9, step: 0, description: 'bars' },
        ...others,
        whole: { default: 3, min: 1, max: 9, step: 1, description: 'bars' },
      },
    };`;
    expect(Object.keys(declaredRanges(source))).toEqual(['whole']);
  });

  it('finds nothing in a text that does not parse', () => {
    expect(declaredRanges('export default {')).toEqual({});
  });
});
