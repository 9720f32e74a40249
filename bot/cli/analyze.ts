import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { stringify } from 'yaml';
import { ANALYSIS_MODULES, type AnalysisName } from '#bot/evidence/analysis-module.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { askModule, materialOf, moduleAt } from '#bot/orchestrator/analysis.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import type { Json } from '#engine/contract/analysis.ts';
import { RatchetError } from '#engine/errors.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { storePath } from '#engine/store/open-database.ts';
import { openForReading } from './open-mirror.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

interface AnalyzeFlags {
  workspace: string;
  repository?: string;
  candles?: string;
  modules?: string;
  asOf?: number;
  json?: boolean;
}

/** Digits of a number that a person reads. */
const DIGITS = 4;
/** Whole numbers from here on are moments in time, UTC milliseconds. */
const MOMENTS_FROM = 1e11;

/** `ratchet analyze`: what the analysis modules say, as a night hears it. */
export function analyzeCommand(): Command {
  return new Command('analyze')
    .description('Show what the analysis modules of main make of the market and of the trades, as a night hears it.')
    .addArgument(new Argument('[module]', 'one of the two; both when left out').choices([...ANALYSIS_MODULES]))
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--candles <dir>', "the candle store (default: the workspace's)")
    .option('--modules <dir>', 'ask the modules in this folder, before they are proposed')
    .option('--as-of <time>', 'market time up to which they look (default: as far as the engine has come)', option.utcTime)
    .option('--json', 'one JSON object')
    .action(async (only: AnalysisName | undefined, flags: AnalyzeFlags) => {
      const told = await ask(only === undefined ? ANALYSIS_MODULES : [only], flags);
      if (flags.json === true) console.log(JSON.stringify(told));
      else for (const [name, answer] of Object.entries(told)) console.log(inWords(name, answer));
    });
}

async function ask(names: readonly AnalysisName[], flags: AnalyzeFlags): Promise<Partial<Record<AnalysisName, Json>>> {
  const { repository } = await openForReading(flags);
  const commit = await repository.require('main');
  const workspace = workspaceAt(flags.workspace);
  const record = existsSync(storePath(workspace.engine)) ? workspace.engine : null;
  const asOf = flags.asOf ?? (record === null ? null : lastFeedTime(record));
  if (asOf === null)
    throw new RatchetError('analysis/no-time', 'No engine has come to any market time here.', 'Name one with --as-of.');
  const candles = CandleStore.openExisting(flags.candles ?? workspace.candles);
  try {
    const material = await materialOf({ repository, commit, candles, record, asOf });
    const told: Partial<Record<AnalysisName, Json>> = {};
    for (const name of names) {
      const source =
        flags.modules === undefined ? await moduleAt({ repository, commit }, name) : await moduleIn(flags.modules, name);
      told[name] = await askModule(name, source, material);
    }
    return told;
  } finally {
    candles.close();
  }
}

async function moduleIn(folder: string, name: AnalysisName): Promise<string> {
  const path = join(folder, `${name}.ts`);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RatchetError(
      'analysis/missing',
      `${path} cannot be read.`,
      `Name the folder that has ${name}.ts.`,
      { path },
      cause,
    );
  }
}

function lastFeedTime(record: string): number | null {
  const reader = openReader(record);
  try {
    return reader.lastFeedTime();
  } finally {
    reader.close();
  }
}

function inWords(name: string, answer: Json): string {
  const text = stringify(readable(answer), { lineWidth: 0 });
  // A module hands on what strategies wrote, and prints it to a terminal.
  const lines = text.trimEnd().split('\n');
  return [`── ${name} ──`, ...lines.map((line) => `${' '.repeat(line.search(/\S|$/))}${visible(line)}`), ''].join('\n');
}

/** Short numbers, and moments as people write them. */
function readable(value: Json): unknown {
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return value >= MOMENTS_FROM ? `${new Date(value).toISOString().slice(0, 16)}Z` : value;
    return Number(value.toPrecision(DIGITS));
  }
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner as Json)]));
}
