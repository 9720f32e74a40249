import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { PACK_JSON_SCHEMA_PATH, packJsonSchema } from '#bot/evidence/pack/json-schema.ts';
import { Pack } from '#bot/evidence/pack.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const published = readFileSync(PACK_JSON_SCHEMA_PATH, 'utf8');
const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(published));

type Loose = Record<string, unknown>;

/** The sample pack with one value set, or left out when it is undefined. */
function changed(path: string, value: unknown): unknown {
  const pack = structuredClone(samplePack()) as Loose;
  const names = path.split('.');
  const last = names.pop()!;
  const holder = names.reduce((inner, name) => inner[name] as Loose, pack);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return pack;
}

describe('the published schema', () => {
  it('is in step with the code: npm run schema writes it', () => {
    expect(JSON.parse(published)).toEqual(JSON.parse(packJsonSchema()));
  });

  it('accepts a pack', () => {
    expect(accepts(samplePack())).toBe(true);
  });

  it.each([
    ['a field too many', 'statistics.certainty', 1],
    ['a field too few', 'prediction', undefined],
    ['a probability above one', 'statistics.deflatedSharpe', 1.01],
    ['a number as a text', 'capital', '10000'],
    ['a digest that is none', 'candidate.artifact', 'sha256:abc'],
    ['an outcome without its number', 'breakEven.candidate', { outcome: 'found' }],
    ['a metric nobody knows', 'candidate.selection.metrics.luck', 3],
  ])('refuses %s, as the code does', (_, path, value) => {
    const pack = changed(path, value);
    expect(accepts(pack)).toBe(false);
    expect(Pack.safeParse(pack).success).toBe(false);
  });

  it.each([
    'statistics.deflatedSharpe',
    'statistics.probabilisticSharpe',
    'statistics.minTrackRecordDays',
    'statistics.overfitting.probability',
    'comparison.incumbent.netReturn',
    'prediction',
    'capacity.holdsUpTo',
  ])('lets %s be null: nothing to say is no number', (path) => {
    expect(accepts(changed(path, null))).toBe(true);
    expect(Pack.safeParse(changed(path, null)).success).toBe(true);
  });
});
