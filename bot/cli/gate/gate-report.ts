import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { GateResult } from '#bot/evidence/gate-result.ts';
import { RatchetError } from '#engine/errors.ts';

/** What a run of the gates leaves for the step that shows it: `--results FILE`. */
export const GateReport = z.strictObject({
  base: z.string(),
  head: z.string(),
  results: z.array(GateResult),
  /** Trees that are signed now. */
  signed: z.array(z.string()),
});
export type GateReport = z.infer<typeof GateReport>;

export async function writeGateReport(path: string, report: GateReport): Promise<void> {
  await writeFile(path, `${JSON.stringify(report)}\n`);
}

/** @returns null when the gates left none, because they were killed or never ran. @throws RatchetError `gates/report` */
export async function readGateReport(path: string): Promise<GateReport | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return GateReport.parse(JSON.parse(text));
  } catch (error) {
    throw new RatchetError(
      'gates/report',
      `${path} is no report of the gates.`,
      'Run ratchet gate with --results again.',
      { path },
      error,
    );
  }
}
