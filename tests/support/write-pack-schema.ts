import { writeFileSync } from 'node:fs';
import { PACK_JSON_SCHEMA_PATH, packJsonSchema } from '#bot/evidence/pack/json-schema.ts';
import { RUN_JSON_SCHEMA_PATH, runJsonSchema } from '#bot/runs/json-schema.ts';

/** `npm run schema`: publishes the forms of evidence packs and runs again after they were changed. */
writeFileSync(PACK_JSON_SCHEMA_PATH, packJsonSchema());
writeFileSync(RUN_JSON_SCHEMA_PATH, runJsonSchema());
