import { homedir } from 'node:os';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { findNodes, versionOf } from '#engine/backtest/verify/find-nodes.ts';
import type { Check } from '#engine/backtest/verify/subject.ts';
import { type VerifyReport, verifyStrategy } from '#engine/backtest/verify/verify-strategy.ts';
import { RatchetError } from '#engine/errors.ts';
import * as option from '../option-parsers.ts';
import { type RunFlags, withPreparedRun, withRunFlags } from './prepare-run.ts';
import { showRequest } from './show-result.ts';

interface VerifyFlags extends RunFlags {
  readonly node: readonly string[];
  readonly cuts: number;
  readonly lateStarts: number;
  readonly json?: boolean;
}

/** `ratchet backtest verify`: causality at every bar, warm-up and determinism of one strategy over candles. */
export function backtestVerifyCommand(): Command {
  return withRunFlags(new Command('verify'))
    .description('Prove that a strategy knows no future, warms up long enough and gives the same bytes everywhere.')
    .option('--node <path>', 'another Node to run it with, beside those found here; may be repeated', append, [])
    .option('--cuts <number>', 'how many futures to poison; as many as bars poisons after each', option.count, 24)
    .option('--late-starts <number>', 'how many times to start later', option.count, 16)
    .option('--json', 'one JSON object')
    .action(runVerify);
}

function append(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

async function runVerify(strategy: string, flags: VerifyFlags): Promise<void> {
  const { cuts, lateStarts } = flags;
  const nodes = await nodesFor(flags.node);
  await withPreparedRun(strategy, flags, async ({ tester: _tester, ...subject }) => {
    const onProgress = process.stderr.isTTY && flags.json !== true ? showProgress : undefined;
    const report = await verifyStrategy(subject, { nodes, cuts, lateStarts, onProgress });
    if (flags.json === true) console.log(JSON.stringify({ ...report, request: subject.request }));
    else {
      showRequest(strategy, subject.request);
      showReport(report);
    }
    if (!report.passed) process.exitCode = 1;
  });
}

/** Those named, and of those found the versions that were not named. */
async function nodesFor(named: readonly string[]): Promise<string[]> {
  const versions = new Set<string>();
  for (const path of named) {
    const version = await versionOf(path);
    if (version === null) {
      throw new RatchetError('backtest/usage', `--node ${path} is no Node that runs here.`, 'Name the binary itself.', { path });
    }
    versions.add(version);
  }
  const found = await findNodes(process.env, homedir());
  return [...named, ...found.filter(({ version }) => !versions.has(version)).map(({ path }) => path)];
}

function showProgress(share: number): void {
  process.stderr.write(`\r  one bar at a time: ${Math.round(share * 100)} %${share >= 0.99 ? '\n' : ''}`);
}

const SIGNS: Record<Check['verdict'], string> = { passed: '✔', failed: '✘', 'not shown': '–' };

function showReport({ checks, outcomes, passed, resultId, resultDigest }: VerifyReport): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, verdict, detail } of checks) console.log(`  ${SIGNS[verdict]} ${name.padEnd(width)}  ${visible(detail)}`);
  console.log('');
  for (const { node, where, resultDigest: digest } of outcomes) console.log(`  ${node.padEnd(10)} ${digest}  ${where}`);
  console.log(`\nresult id     ${resultId}`);
  console.log(`result digest ${resultDigest}`);
  console.log(passed ? 'verified' : 'NOT VERIFIED');
}
