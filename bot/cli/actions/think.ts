import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { HINT_LENGTH_MAX, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { code, shortened, text } from '#bot/evidence/markdown.ts';
import { type CanaryReport, describeCanary } from '#bot/orchestrator/canaries.ts';
import type { NightOptions } from '#bot/orchestrator/night-options.ts';
import { whoseNight } from '#bot/orchestrator/whose-night.ts';
import { requireKept } from '#bot/proposers/claude/require-kept.ts';
import { takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { createLog } from '#engine/log.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { ALL_CORES } from '../all-cores.ts';
import { loadBotSettings } from '../config.ts';
import { gateToolsFor } from '../gate-tools.ts';
import { BOT_PERSON } from '../identity.ts';
import { nightHere } from '../night/night-here.ts';
import { requireModel, type ThinkerSettings } from '../night/thinkers.ts';
import * as option from '../option-parsers.ts';
import { createReporter } from '../up/reporter.ts';
import { workspaceAt } from '../up/workspace.ts';
import { apiOfJob, repositoryOfJob } from './job-environment.ts';
import { NightResult } from './night-result.ts';
import { NotingApi } from './noting-api.ts';
import { writeOutputs } from './outputs.ts';

interface ThinkFlags {
  readonly mirror: string;
  readonly candles: string;
  readonly out: string;
  readonly kept?: string;
  readonly strategy?: string;
  readonly hint?: string;
  readonly proposer?: string;
  readonly trials: number;
  readonly workers: number;
  readonly summary?: string;
}

/** `ratchet actions think`: a night in a job that may write nothing outside of itself. */
export function thinkCommand(): Command {
  return new Command('think')
    .description("Run a night whose ledger and proposal stay in the job's mirror, for a job with other rights to publish.")
    .requiredOption('--mirror <dir>', 'the mirror that ratchet actions mirror made')
    .requiredOption('--candles <dir>', 'the candle store')
    .requiredOption('--out <dir>', 'where result.json goes')
    .option('--kept <dir>', "where the model's budget, exchanges and reviews are kept from run to run (default: nowhere)")
    .option('--strategy <id>', 'the one to look at (default: of those that trade, the one whose last night is longest ago)')
    .option('--hint <text>', 'a wish, written into the ledger as what GITHUB_ACTOR said, and obeyed by nobody')
    .option('--proposer <who>', 'who thinks: evolution, claude, or both (default: evolution, or as the settings say)')
    .option('--trials <n>', 'configurations the night may try', option.trials, 60)
    .option('--workers <n>', 'sandboxes at once (default: one for each core)', option.workers, ALL_CORES)
    .option('--summary <file>', 'add to this file, in Markdown, what the night decided and why')
    .action(think);
}

/** A wish longer than the ledger takes is cut there. Whoever may start a workflow may write here. */
function hintOf(text: string | undefined, actor: string | undefined): NightOptions['hint'] {
  if (text === undefined || text.trim() === '') return null;
  return { by: actor ?? 'somebody', text: shortened(text.trim(), HINT_LENGTH_MAX), isTold: true };
}

async function think(flags: ThinkFlags, command: Command): Promise<void> {
  const settings = loadBotSettings({ proposer: flags.proposer }, process.env);
  // Before anything is started that would inherit the key.
  const thinkers = { proposer: settings.proposer, model: takeModelAccess(settings, process.env) };
  requireModel(thinkers);
  const scratch = mkdtempSync(join(tmpdir(), 'ratchet-night-'));
  try {
    // What the night pushes goes into the job's own mirror, and no further.
    const repository = await Repository.openMirror({ dir: join(scratch, 'mirror.git'), remoteUrl: resolve(flags.mirror) });
    await repository.fetch();
    const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
    const stateBefore = state.commit;
    const base = await repository.require('main');
    const strategy =
      flags.strategy === undefined || flags.strategy === '' ? await whoseNight(repository, base, state) : flags.strategy;
    const api = new NotingApi(apiOfJob(process.env), repositoryOfJob(process.env));
    const workspace = workspaceAt(scratch);
    const bot = flags.kept === undefined ? workspace.bot : resolve(flags.kept);
    const lost = flags.kept === undefined ? null : await budgetLost(thinkers, bot, state);
    if (lost !== null) console.error(`ratchet: ${lost}`);
    const night = await nightHere({
      strategy,
      thinkers,
      searchMs: settings.nightMinutes * 60_000,
      trials: flags.trials,
      workers: flags.workers,
      repository,
      state,
      api,
      hint: hintOf(flags.hint, process.env.GITHUB_ACTOR),
      progress: createReporter(process.stderr),
      workspace: { ...workspace, bot },
      candlesDir: flags.candles,
      asOf: null,
      tools: gateToolsFor(command, {}),
      log: createLog(process.env.RATCHET_LOG_LEVEL ?? 'warn'),
      clock: Date.now,
    });
    const began = recordsOf(await readLedgerFrom(state), 'night-began').find((record) => record.cycle === night.cycle);
    const { made } = night;
    const head = made === null ? null : await repository.require(made.branch);
    const result = NightResult.parse({
      cycle: night.cycle,
      strategy,
      decision: night.decision,
      reason: night.reason,
      trials: night.trials,
      asOf: began?.entry.asOf,
      base,
      stateBefore,
      stateAfter: state.commit,
      proposal: head === null ? null : { ...made, head },
      notes: api.notes,
    });
    mkdirSync(flags.out, { recursive: true });
    writeFileSync(join(flags.out, 'result.json'), `${JSON.stringify(result)}\n`);
    if (flags.summary !== undefined) await appendFile(flags.summary, renderNight(result, night.canaries, lost));
    await writeOutputs(process.env.GITHUB_OUTPUT, { decision: result.decision, branch: result.proposal?.branch ?? '' });
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Only nights ask models here, and the ledger has every night, whatever else was forgotten. */
async function budgetLost({ proposer, model }: ThinkerSettings, dir: string, state: StateBranch): Promise<string | null> {
  if (model === null || proposer === 'evolution') return null;
  const nights = recordsOf(await readLedgerFrom(state), 'night-began');
  const wasAsked = nights.some(({ entry }) => entry.proposer !== 'evolution');
  return requireKept({ dir, access: model, clock: Date.now, wasAsked });
}

/** What a person reads on the run's page. */
function renderNight(
  { cycle, strategy, decision, reason, trials }: NightResult,
  canaries: readonly CanaryReport[],
  lost: string | null,
): string {
  const lines = canaries.map((canary) => `- ${text(describeCanary(canary))}`);
  const heading = `### Night ${code(cycle)} for ${code(strategy)}: ${decision}`;
  const warning = lost === null ? [] : [text(lost)];
  return `${[heading, ...warning, text(reason), `${trials} configurations were tried, and the ledger counts them.`, lines.join('\n')].join('\n\n')}\n`;
}
