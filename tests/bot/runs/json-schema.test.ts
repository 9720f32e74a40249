import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RUN_JSON_SCHEMA_PATH, runJsonSchema } from '#bot/runs/json-schema.ts';

it('the published schema of runs is made from the one that decides: npm run schema writes it', () => {
  expect(JSON.parse(readFileSync(RUN_JSON_SCHEMA_PATH, 'utf8'))).toEqual(JSON.parse(runJsonSchema()));
});
