import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { workflows } from '#bot/init/workflows.ts';

for (const [path, text] of Object.entries(workflows({ program: 'here' }))) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
