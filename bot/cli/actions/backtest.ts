import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { withPreparedRun } from '#bot/cli/backtest/prepare-run.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { type VerifyReport, verifyStrategy } from '#engine/backtest/verify/verify-strategy.ts';
import { RatchetError } from '#engine/errors.ts';
import { Repository } from '#engine/repository/repository.ts';

interface BacktestFlags {
  readonly repository: string;
  readonly at: string;
  readonly strategy: string;
  readonly candles: string;
  readonly summary?: string;
}

/** `ratchet actions backtest`: one strategy of a commit, verified over the candles it is judged by. One job of a matrix each. */
export function backtestStepCommand(): Command {
  return new Command('backtest')
    .description('Verify one strategy as it is deployed: that it knows no future, warms up long enough and gives the same bytes.')
    .requiredOption('--repository <dir>', 'a clone or mirror')
    .requiredOption('--at <commit>', 'a branch or a full hash')
    .requiredOption('--strategy <id>', 'the folder under strategies/')
    .requiredOption('--candles <dir>', 'the candle store')
    .option('--summary <file>', 'add to this file, in Markdown, what was found')
    .action(run);
}

async function run({ repository: dir, at, strategy, candles, summary }: BacktestFlags): Promise<void> {
  const repository = await Repository.open({ dir });
  const commit = await repository.require(at);
  const evaluation = await readText(repository, commit, EVALUATION_PATH);
  // Where nothing is evaluated yet there are no candles to verify it over, and nothing has been claimed.
  if (evaluation === null)
    return console.log(`${EVALUATION_PATH} is not there yet, so there is nothing to verify ${strategy} over.`);
  const files = await strategyFiles(repository, commit, strategy);
  if (files.size === 0)
    throw new RatchetError('actions/no-strategy', `${at} has no strategies/${strategy}.`, 'Name one that is there.');
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-verify-'));
  try {
    for (const [path, content] of files) {
      const file = join(folder, strategy, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const { capital, seed } = parseEvaluation(evaluation);
    const flags = { store: candles, param: [], capital, seed };
    const report = await withPreparedRun(join(folder, strategy), flags, ({ tester: _tester, ...subject }) =>
      verifyStrategy(subject),
    );
    const words = renderVerification(strategy, report);
    if (summary !== undefined) await appendFile(summary, words);
    console.log(words);
    process.exitCode = report.passed ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What a person reads on the run's page. */
export function renderVerification(strategy: string, { passed, checks, resultId, resultDigest }: VerifyReport): string {
  const signs = { passed: '✅', failed: '❌', 'not shown': '–' } as const;
  const rows = checks.map(({ name, verdict, detail }) => [text(name), `${signs[verdict]} ${verdict}`, text(detail)]);
  return [
    `### ${passed ? '✅' : '❌'} ${code(strategy)} ${passed ? 'is what it claims to be' : 'is not what it claims to be'}`,
    '',
    table(
      [
        { title: 'Check', alignment: 'left' },
        { title: 'Verdict', alignment: 'left' },
        { title: 'What was seen', alignment: 'left' },
      ],
      rows,
    ),
    '',
    `Result ${code(resultId)}, digest ${code(resultDigest)}.`,
    '',
  ].join('\n');
}
