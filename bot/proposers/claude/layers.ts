import { readFileSync } from 'node:fs';
import { type Digest, digestOf } from '#engine/attestation/canonical.ts';
import type { SystemBlock } from './model.ts';
import { quoted } from './quoted.ts';
import { shownContract } from './shown-contract.ts';

export const LAYERS = ['identity', 'system', 'memory'] as const;
export const TASKS = ['ask', 'decide', 'write', 'module', 'review'] as const;
export type TaskName = (typeof TASKS)[number];
export type LayerName = (typeof LAYERS)[number] | TaskName;

export interface Layer {
  readonly version: number;
  readonly digest: Digest;
  readonly text: string;
}

/** One file of `prompts/`. Its first line says what it is and its version, and is sent with it, so that every record of an exchange has both. */
export function layer(name: LayerName): Layer {
  const text = readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8');
  const version = Number(new RegExp(`^<!-- ${name}, version (\\d+) -->\\n`).exec(text)?.[1]);
  if (!Number.isSafeInteger(version)) throw new Error(`prompts/${name}.md does not say its version.`);
  return { version, digest: digestOf(text), text };
}

/**
 * Who it is, what the system is with the contract, what was learned, and the task. All but the task is the same in every call.
 *
 * A review (`review/review-prompt.ts`) has the same identity and system and no memory: what was learned says what authors hoped for and what
 * people thought of changes like this one, and a second look is worth something only when it does not begin with what the first one knew.
 */
export function systemFor(task: TaskName): readonly SystemBlock[] {
  const [identity, system, memory] = LAYERS.map((name) => layer(name).text);
  return [
    { text: `${identity}\n${system}` },
    { text: quoted(shownContract()) },
    { text: memory!, cache: true },
    { text: layer(task).text },
  ];
}
