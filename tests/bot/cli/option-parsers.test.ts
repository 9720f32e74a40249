import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import * as option from '#bot/cli/option-parsers.ts';

describe('an option', () => {
  it.each([
    ['workers', option.workers, 1, 64],
    ['trials', option.trials, 1, 100_000],
    ['port', option.port, 0, 65_535],
    ['pace', option.pace, 0, 3_600_000],
    ['poll', option.poll, 10, 3_600_000],
    ['bars', option.bars, 1, 10_000_000],
    ['count', option.count, 0, 10_000_000],
    ['seed', option.seed, 0, Number.MAX_SAFE_INTEGER],
  ] as const)('%s is a whole number within its bounds, which its refusal names', (_name, parse, least, most) => {
    expect(parse(String(least))).toBe(least);
    expect(parse(String(most))).toBe(most);
    for (const text of [String(least - 1), String(most + 1), '', ' 1', '1.5', '1e1', '0x10', '-1', 'many', 'Infinity']) {
      expect(() => parse(text), text).toThrow(new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`));
    }
  });

  it('of money is above zero', () => {
    expect(option.amount('0.5')).toBe(0.5);
    for (const text of ['0', '-5', '', 'all', 'Infinity']) expect(() => option.amount(text), text).toThrow(InvalidArgumentError);
  });

  it('of a ratio is a share, not a percentage', () => {
    expect(option.ratio('0')).toBe(0);
    expect(option.ratio('0.001')).toBe(0.001);
    for (const text of ['0.5', '20', '-0.1', '', ' ', 'none'])
      expect(() => option.ratio(text), text).toThrow(InvalidArgumentError);
  });

  it('of a time is a day that exists, or a minute of one, in UTC', () => {
    expect(option.utcTime('2024-01-31')).toBe(Date.UTC(2024, 0, 31));
    expect(option.utcTime('2024-01-31T18:00Z')).toBe(Date.UTC(2024, 0, 31, 18));
    for (const text of ['yesterday', '2024-02-30', '2024-02-10T10:00', '2024-13-01', ''])
      expect(() => option.utcTime(text), text).toThrow(InvalidArgumentError);
  });
});
