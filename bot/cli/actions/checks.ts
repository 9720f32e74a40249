import { Command } from 'commander';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import { type GateReport, readGateReport } from '../gate/gate-report.ts';
import { apiOfJob, appIdOfJob, repositoryOfJob } from './job-environment.ts';

interface ChecksFlags {
  readonly head: string;
  readonly results: string;
}

/** `ratchet actions checks`: what the gates found, as the App's check runs on the head. */
export function checksCommand(): Command {
  return new Command('checks')
    .description("Show what the gates found as the App's check runs on a commit; gates that left nothing have failed.")
    .requiredOption('--head <commit>', 'the commit that was proven')
    .requiredOption('--results <file>', 'what ratchet gate wrote with --results')
    .action(async ({ head, results }: ChecksFlags) => {
      const api = new RepositoryApi(apiOfJob(process.env), repositoryOfJob(process.env), appIdOfJob(process.env));
      const report = await readGateReport(results);
      if (report !== null && report.head !== head) {
        throw new RatchetError(
          'actions/other-head',
          `${results} speaks of ${report.head}.`,
          'Show it on the commit it was made for.',
        );
      }
      // The final check comes last: whoever sees it green finds the others, and the statement, in place.
      for (const result of checksOf(report)) {
        await api.writeCheck(result.gate, head, { status: 'completed', conclusion: result.conclusion }, result);
        console.log(`${result.gate}: ${result.conclusion}`);
      }
    });
}

/** One result for each gate and the final one, in their order: what did not run has failed. */
export function checksOf(report: GateReport | null): readonly GateResult[] {
  return [...GATE_NAMES, FINAL_GATE].map((gate) => report?.results.find((result) => result.gate === gate) ?? didNotRun(gate));
}

function didNotRun(gate: string): GateResult {
  return {
    gate,
    conclusion: 'failure',
    title: 'Did not run',
    summary: "The gates ended before this one; see the run's log.",
    annotations: [],
  };
}
