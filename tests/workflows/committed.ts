import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const WORKFLOWS = '.github/workflows';

/** The workflows as they are committed, by path. */
export function committedWorkflows(): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(WORKFLOWS)
      .sort()
      .map((name) => [`${WORKFLOWS}/${name}`, readFileSync(join(WORKFLOWS, name), 'utf8')]),
  );
}
