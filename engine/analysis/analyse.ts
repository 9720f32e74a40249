import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Json, Row } from '#engine/contract/analysis.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { Json as Sent } from '#engine/sandbox/realm-api.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';
import { plainJson } from './plain-json.ts';
import type { Material, Question } from './query/material.ts';
import { type ProcessLimits, QueryProcess } from './query/query-process.ts';
import { SHOWN_TABLES } from './tables.ts';

const PROGRAM = fileURLToPath(new URL('./realm.ts', import.meta.url));
/** Evaluating a module: anything longer is a loop. */
const LOAD_TIMEOUT_MS = 10_000;

export interface AnalysisLimits extends ProcessLimits {
  /** Of one module, together. */
  readonly statements: number;
  /** Of what a module computes between two statements. */
  readonly stepMs: number;
  /** Of all of it. */
  readonly totalMs: number;
}

export const ANALYSIS_LIMITS: AnalysisLimits = {
  rows: 50_000,
  bytes: 8 * 1024 * 1024,
  timeoutMs: 10_000,
  memoryMb: 512,
  statements: 64,
  stepMs: 10_000,
  totalMs: 120_000,
};

const Step = z.union([
  z.strictObject({ answer: z.json() }),
  z.strictObject({
    question: z.strictObject({ sql: z.string(), parameters: z.array(z.union([z.string(), z.number(), z.null()])) }),
  }),
]);

/**
 * What an analysis module answers. It runs behind the four walls of a strategy, and what crosses is its questions, the rows that answer
 * them, and its answer: plain JSON with finite numbers, bounded in size.
 * @throws RatchetError `analysis/fault` when the module throws or its answer is none, `analysis/timeout`, `analysis/statements`,
 *   `analysis/query…` for a statement that is refused, fails, or takes too much, `sandbox/…` when its process ends, `store/…` when the
 *   engine's record cannot be read
 */
export async function analyse(
  artifact: StrategyArtifact,
  material: Material,
  limits: AnalysisLimits = ANALYSIS_LIMITS,
): Promise<Json> {
  const database = await QueryProcess.start(material, limits);
  try {
    const sandbox = await Sandbox.start({ program: PROGRAM });
    try {
      return await converse(sandbox, database, artifact.code, material.asOf, limits);
    } finally {
      await sandbox.close();
    }
  } finally {
    await database.close();
  }
}

async function converse(
  sandbox: Sandbox,
  database: QueryProcess,
  code: string,
  asOf: number,
  { statements, stepMs, totalMs }: AnalysisLimits,
): Promise<Json> {
  const started = performance.now();
  await call(sandbox, 'load', { code, schema: { asOf, tables: SHOWN_TABLES } }, LOAD_TIMEOUT_MS);
  let answered: { readonly question: Question; readonly rows: readonly Row[] } | null = null;
  for (let asked = 0; ; asked += 1) {
    if (performance.now() - started > totalMs) throw tooSlow(totalMs);
    const step = await call(sandbox, 'proceed', { answered }, stepMs);
    if ('answer' in step) return judged(step.answer);
    if (asked === statements) throw tooMany(statements);
    answered = { question: step.question, rows: await database.ask(step.question) };
  }
}

async function call(sandbox: Sandbox, method: string, input: object, timeoutMs: number): Promise<z.infer<typeof Step>> {
  try {
    const { output } = await sandbox.call(method, input as Sent, [], { timeoutMs });
    return method === 'load' ? { answer: null } : Step.parse(output);
  } catch (error) {
    if (error instanceof z.ZodError) throw fault('what its process sent is neither a question nor an answer');
    throw error instanceof RatchetError ? inOurWords(error, timeoutMs) : error;
  }
}

/** The fourth wall: the realm's own check may have been tampered with. */
function judged(answer: unknown): Json {
  try {
    return plainJson(answer);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error));
  }
}

function inOurWords(error: RatchetError, timeoutMs: number): RatchetError {
  const { message, line } = error.details;
  if (error.code === 'sandbox/strategy-fault') return fault(String(message), line);
  if (error.code !== 'sandbox/timeout') return error;
  return new RatchetError(
    'analysis/timeout',
    `The module computes for more than ${timeoutMs} ms between two statements.`,
    'Let SQL do the counting, or bound the loop.',
    { timeoutMs },
    error,
  );
}

function fault(why: string, line?: unknown): RatchetError {
  const where = typeof line === 'number' ? ` at line ${line}` : '';
  return new RatchetError('analysis/fault', `The module failed${where}: ${why}`, 'Mend the module; nothing was decided by it.', {
    message: why,
    ...(typeof line === 'number' ? { line } : {}),
  });
}

function tooSlow(totalMs: number): RatchetError {
  return new RatchetError('analysis/timeout', `The module takes more than ${totalMs} ms in all.`, 'Ask less.', { totalMs });
}

function tooMany(statements: number): RatchetError {
  return new RatchetError(
    'analysis/statements',
    `The module asks more than ${statements} statements.`,
    'Ask for all symbols or versions at once and group.',
    { statements },
  );
}
