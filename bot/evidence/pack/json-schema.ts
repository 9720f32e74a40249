import { z } from 'zod';
import { Pack } from '#bot/evidence/pack.ts';

/** Where the published schema stands: for readers of packs that are not written in TypeScript. */
export const PACK_JSON_SCHEMA_PATH = 'docs/evidence-pack.schema.json';

/** The pack's form as JSON Schema (draft 2020-12), printed; made from the zod schema, which is what decides. */
export function packJsonSchema(): string {
  const schema = z.toJSONSchema(Pack);
  const title = 'Ratchet evidence pack';
  const description = 'evidence/pack.json of a strategy. docs/ops/reading-a-pull-request.md explains every number.';
  return `${JSON.stringify({ title, description, ...schema }, null, 2)}\n`;
}
