import { z } from 'zod';
import { RunRecord } from './run-record.ts';

/** Where the published schema stands: for readers of runs that are not written in TypeScript. */
export const RUN_JSON_SCHEMA_PATH = 'docs/run.schema.json';

/** A run's form as JSON Schema (draft 2020-12), printed; made from the zod schema, which is what decides. */
export function runJsonSchema(): string {
  const title = 'Ratchet run';
  const description = 'What ratchet runs show prints with --json. docs/ops/reports.md explains it.';
  return `${JSON.stringify({ title, description, ...z.toJSONSchema(RunRecord) }, null, 2)}\n`;
}
