import { RatchetError } from '#engine/errors.ts';
import type { EngineReport, StrategyReport } from '#engine/runtime/report.ts';
import type { CommandRoom } from '../command.ts';
import { nearest } from '../nearest.ts';
import { quoted } from '../quoted.ts';

/** What the engine last published in figures. @throws RatchetError `commands/no-report` */
export async function publishedReport({ engine }: Pick<CommandRoom, 'engine'>): Promise<EngineReport> {
  const report = await engine.publishedReport();
  if (report !== null) return report;
  throw new RatchetError(
    'commands/no-report',
    'The engine has not published a report yet.',
    'It does so when it first trades; /status says whether it runs.',
  );
}

/** The reported strategies, or the one that is named. @throws RatchetError `commands/no-strategy` */
export function strategiesNamed(report: EngineReport, id: string | undefined): readonly StrategyReport[] {
  if (id === undefined) return report.strategies;
  const found = report.strategies.filter((strategy) => strategy.id === id);
  if (found.length > 0) return found;
  const known = report.strategies.map((strategy) => strategy.id);
  // What the report had no room for may well run.
  throw notThere(
    id,
    known,
    report.strategiesOmitted === 0 ? 'The engine runs no strategy' : 'The engine has published no figures of',
  );
}

/** @param known what there is instead */
export function notThere(id: string, known: readonly string[], sentence: string): RatchetError {
  const near = nearest(id, known);
  const list = known.length === 0 ? 'there is none' : `there is ${known.join(', ')}`;
  const remedy = near === null ? `Name another; ${list}.` : `Did you mean ${near}?`;
  return new RatchetError('commands/no-strategy', `${sentence} ${quoted(id)}.`, remedy, { id });
}
