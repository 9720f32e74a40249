import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { memoryFacts } from '#bot/memory/facts.ts';
import { remember } from '#bot/orchestrator/remember.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { askableForge, type ForgeFlags } from './askable-forge.ts';
import { openForReading } from './open-mirror.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

interface MemoryFlags extends ForgeFlags {
  readonly repository?: string;
  readonly strategy: string;
  readonly asOf?: number;
  readonly json?: boolean;
}

/** `ratchet memory`: what a night is told of the nights before it. */
export function memoryCommand(): Command {
  return new Command('memory')
    .description(
      'What a night is told of the past: earlier nights and what came of them, scores, what trials taught, what people said.',
    )
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead of the one in the workspace')
    .option('--of <owner/name>', 'also ask the forge for pull requests and what people said about this repository')
    .option('--credentials <dir>', 'the folder of ratchet bot setup (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--strategy <id>', 'the strategy', 'ema-cross')
    .option('--as-of <time>', 'market time up to which is remembered (default: as far as the engine has come)', option.utcTime)
    .option('--json', 'one JSON object')
    .action(async (flags: MemoryFlags) => {
      const { strategy, json } = flags;
      const place = workspaceAt(flags.workspace);
      const record = existsSync(enginePaths(place.engine).status) ? place.engine : null;
      const now = Date.now();
      const asOf = flags.asOf ?? lastBar(record) ?? now;
      const memory = await remember({
        strategy,
        asOf,
        now,
        record,
        api: await askableForge(flags),
        ...(await openForReading(flags)),
      });
      if (json === true) console.log(JSON.stringify(memory));
      else console.log(memoryFacts(memory).map(inWords).join('\n\n'));
    });
}

function inWords({ title, text }: { readonly title: string; readonly text: string }): string {
  const lines = text.split('\n').map((line) => `${/^ */.exec(line)![0]}${visible(line)}`);
  return [title, ...lines].join('\n');
}

function lastBar(record: string | null): number | null {
  if (record === null) return null;
  const reader = openReader(record);
  try {
    return reader.lastFeedTime();
  } finally {
    reader.close();
  }
}
