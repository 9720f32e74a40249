import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { judge, outputFormat } from '#bot/proposers/claude/structured.ts';

const Decision = z.strictObject({
  kind: z.enum(['NO_CHANGE', 'TWEAK']),
  riskTier: z.int().min(1).max(3).describe('1 is the least'),
  hypothesis: z.string().min(10).nullable(),
});

describe('a schema for a model', () => {
  it('keeps what the API enforces, closes every object, and moves ranges into words', () => {
    const { format } = outputFormat(Decision);
    expect(format.type).toBe('json_schema');
    expect(format.schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'riskTier', 'hypothesis'],
      properties: { kind: { enum: ['NO_CHANGE', 'TWEAK'] }, riskTier: { type: 'integer' } },
    });
    const written = JSON.stringify(format.schema);
    for (const enforced of ['"minimum":', '"maximum":', '"minLength":', '"$schema"']) expect(written).not.toContain(enforced);
    expect(written).toContain('1 is the least');
    expect(written).toContain('maximum: 3');
  });

  it('is that of what is written, before defaults and transforms', () => {
    const schema = z.strictObject({ text: z.string().transform((text) => text.length), note: z.string().default('none') });
    expect(outputFormat(schema).format.schema).toMatchObject({
      required: ['text'],
      properties: { text: { type: 'string' }, note: { type: 'string' } },
    });
    expect(judge('{"text":"four"}', schema)).toEqual({ kind: 'fits', value: { text: 4, note: 'none' } });
  });
});

describe('the words of a model that was asked for JSON', () => {
  it('are its value when they fit', () => {
    const value = { kind: 'TWEAK', riskTier: 2, hypothesis: 'It buys too late.' };
    expect(judge(JSON.stringify(value), Decision)).toEqual({ kind: 'fits', value });
  });

  it.each(['', 'TWEAK', '```json\n{}\n```', '{"kind":"TWEAK"'])('are none when they are %j', (words) => {
    expect(judge(words, Decision)).toEqual({ kind: 'no-json', what: expect.stringMatching(/JSON|Unexpected/) });
  });

  it('hold no half of a character, spelt out or not', () => {
    const words = '{"\\udc00":"a \\ud83d b","whole":"\\ud83d\\udcc8"}';
    expect(judge(words, z.record(z.string(), z.string()))).toEqual({
      kind: 'fits',
      value: { '\uFFFD': 'a \uFFFD b', whole: '📈' },
    });
  });

  it('are told each fault and where it is, though the API has let them pass', () => {
    const judged = judge('{"kind":"MERGE","riskTier":4,"hypothesis":"short","sudo":true}', Decision);
    if (judged.kind !== 'unfit') throw new Error('It fits.');
    const lines = judged.what.split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['kind', 'riskTier', 'hypothesis', 'the whole']);
    expect(lines.at(-1)).toContain('sudo');
  });

  it('are told eight faults, and how many more there are', () => {
    const judged = judge(JSON.stringify(Array(20).fill('a')), z.array(z.number()));
    if (judged.kind !== 'unfit') throw new Error('It fits.');
    expect(judged.what.split('\n')).toHaveLength(9);
    expect(judged.what).toContain('and 12 more');
  });
});
