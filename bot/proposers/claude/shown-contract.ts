import { readFileSync } from 'node:fs';
import type { Fact } from '#bot/proposers/fact.ts';

/** The house's own text of what a strategy is written against, and of what stands behind its one import. */
export function shownContract(): readonly Fact[] {
  return [
    { title: 'the strategy contract', text: read('../../../engine/contract/types.ts') },
    { title: 'the indicators of ratchet/contract', text: read('../../../engine/indicators/factories.ts') },
  ];
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
