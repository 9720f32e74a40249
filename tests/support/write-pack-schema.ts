import { writeFileSync } from 'node:fs';
import { PACK_JSON_SCHEMA_PATH, packJsonSchema } from '#bot/evidence/pack/json-schema.ts';

/** `npm run schema`: publishes the form of the evidence pack again after it was changed. */
writeFileSync(PACK_JSON_SCHEMA_PATH, packJsonSchema());
