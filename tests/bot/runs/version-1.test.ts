import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { runJsonSchema } from '#bot/runs/json-schema.ts';
import { RunRecord } from '#bot/runs/run-record.ts';

/** What version 1 was when it was published: neither file is ever written anew. */
const published = json('./version-1.schema.json');
const records = json('./version-1.records.json') as readonly object[];

function json(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

/** Where a form no longer has what another one promised, by path. Fields may have been added; what they say about themselves may differ. */
function broken(promised: unknown, now: unknown, path = ''): readonly string[] {
  if (typeof promised !== 'object' || promised === null) return promised === now ? [] : [path];
  if (typeof now !== 'object' || now === null || Array.isArray(promised) !== Array.isArray(now)) return [path];
  if (path.endsWith('/required')) {
    const there = Object.values(now);
    return Object.values(promised).flatMap((name) => (there.includes(name) ? [] : [`${path}/${name}`]));
  }
  if (Array.isArray(promised) && Array.isArray(now) && promised.length !== now.length) return [path];
  return Object.entries(promised)
    .filter(([name]) => path.endsWith('/properties') || (name !== 'description' && name !== 'title'))
    .flatMap(([name, part]) => broken(part, (now as Record<string, unknown>)[name], `${path}/${name}`));
}

describe('version 1 of a run', () => {
  it('is still read: the record of a pack, and that of a trial with nothing but nulls', () => {
    expect(records.map((record) => RunRecord.parse(record))).toEqual(records);
    const fits = new Ajv2020({ strict: false }).compile(JSON.parse(runJsonSchema()));
    for (const record of records) expect(fits(record), JSON.stringify(fits.errors)).toBe(true);
  });

  it('still has every field it was published with, of the same type: whatever else changes raises the number', () => {
    expect(broken(published, JSON.parse(runJsonSchema()))).toEqual([]);
  });

  it('would not be, were a field taken out, given another name or type, or no longer always there', () => {
    const changed = (change: (schema: ReturnType<typeof asSchema>) => void) => {
      const copy = asSchema(structuredClone(published));
      change(copy);
      return broken(published, copy);
    };
    expect(changed(({ properties }) => Object.assign(properties, { venue: { type: 'string' } }))).toEqual([]);
    expect(changed(({ properties }) => delete properties.label)).toEqual(['/properties/label']);
    expect(changed(({ properties }) => Object.assign(properties.label!, { type: 'number' }))).toEqual(['/properties/label/type']);
    expect(changed(({ required }) => required.splice(required.indexOf('label'), 1))).toEqual(['/required/label']);
  });
});

function asSchema(schema: unknown) {
  return schema as { readonly properties: Record<string, object>; readonly required: string[] };
}
