import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { openBacktester } from '#engine/backtest/backtester.ts';
import type { Want } from '#engine/candles/select-dataset.ts';

/** The markets that the strategies in a folder ask for, each read inside its sandbox. */
export async function wantsOfStrategies(folder: string): Promise<readonly Want[]> {
  const wants: Want[] = [];
  for (const id of readdirSync(folder).sort()) {
    const dir = join(folder, id);
    if (!statSync(dir).isDirectory() || !readdirSync(dir).includes('manifest.yaml')) continue;
    const version = await readVersion(id, filesOf(dir));
    const tester = await openBacktester(version.artifact);
    const { symbols, timeframe } = tester.describe();
    await tester.close();
    wants.push(...symbols.map((symbol) => ({ symbol, timeframe })));
  }
  return wants;
}

/** The files of a strategy's folder on disk, evidence left out. */
function filesOf(dir: string): ReadonlyMap<string, string> {
  const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => [entry.name, readFileSync(join(dir, entry.name), 'utf8')]));
}
