import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { renderGateSummary } from '#bot/evidence/gate-summary.ts';
import type { AuditReport } from '#bot/gates/audit/report.ts';
import { sarifOf } from '#bot/gates/audit/sarif.ts';
import { authorClass } from '#bot/gates/author-class.ts';
import { reexecuteEvidence } from '#bot/gates/backtest.ts';
import { type GateContext, openContext } from '#bot/gates/context.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { beforeVault } from '#bot/gates/open-vault.ts';
import { endedBy, FINAL_GATE, GATE_NAMES, type GateName } from '#bot/gates/outcome.ts';
import { runAllGates, runGate } from '#bot/gates/run-gates.ts';
import { signChange } from '#bot/gates/sign.ts';
import { loadPrivateKey } from '#engine/attestation/keys.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RatchetError } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { resultsOfNeeds } from './gate/gate-needs.ts';
import { writeGateReport } from './gate/gate-report.ts';
import { packsOf } from './gate/packs-of.ts';
import { renderStepSummary } from './gate/step-summary.ts';
import { silenced, workflowCommand } from './gate/workflow-commands.ts';
import { gateToolsFor } from './gate-tools.ts';
import { BOT_PERSON } from './identity.ts';
import { workspaceAt } from './up/workspace.ts';

interface GateFlags {
  base: string;
  head: string;
  author: string;
  workspace: string;
  repository?: string;
  remote?: string;
  candles?: string;
  key?: string;
  json?: boolean;
  sarif?: string;
  npmRegistry?: string;
  osvUrl?: string;
  keepVaultShut?: boolean;
  needs?: string;
  summary?: string;
  annotations?: 'github';
  results?: string;
}

/** `ratchet gate`: the one program that Actions, the local forge and a person's terminal run alike. */
export function gateCommand(): Command {
  return new Command('gate')
    .description('Prove a change against its base: one gate, or all of them.')
    .argument('<name>', `${GATE_NAMES.join(', ')}, or all`)
    .requiredOption('--base <ref>', 'the commit the change is to be merged into')
    .requiredOption('--head <ref>', 'the commit to prove')
    .option('--author <class>', 'bot, person or repair: whose path rules hold', 'bot')
    .option('--workspace <dir>', 'the workspace whose repository and candles are used', 'var')
    .option('--repository <dir>', "a clone or mirror that holds both commits, instead of the workspace's")
    .option('--remote <url>', 'where the state branch is pushed to; the token comes from RATCHET_GIT_TOKEN')
    .option('--candles <dir>', "the candle store, instead of the workspace's")
    .option('--key <file>', 'sign the trees with this key when all gates pass (needs --remote)')
    .option('--keep-vault-shut', 'backtest only: make the evidence again and leave the vault to whoever signs')
    .option('--needs <json>', 'policy only: what became of the gates that ran in jobs of their own, as GitHub Actions tells it')
    .option('--summary <file>', 'add to this file, in Markdown, what the gates found and the sections of the pull request')
    .option('--results <file>', 'write what the gates found as one JSON object, for ratchet actions checks')
    .addOption(new Option('--annotations <dialect>', 'say beside which lines something was found').choices(['github']))
    .option('--sarif <file>', 'write what the audit found as SARIF 2.1.0')
    .option('--npm-registry <url>', "whom npm audit asks, instead of npm's own configuration (RATCHET_NPM_REGISTRY)")
    .option('--osv-url <url>', "OSV's query address for pip-audit, instead of its own (RATCHET_OSV_URL)")
    .option('--json', 'one JSON line a gate, then one line for the whole')
    .action(runGateCommand);
}

async function runGateCommand(name: string, flags: GateFlags, command: Command): Promise<void> {
  if (name !== 'all' && !(GATE_NAMES as readonly string[]).includes(name)) {
    throw new RatchetError('gates/usage', `There is no gate ${name}.`, `Choose one of ${GATE_NAMES.join(', ')}, or all.`);
  }
  const author = authorClass(flags.author);
  if (flags.sarif !== undefined && name !== 'audit' && name !== 'all') {
    throw new RatchetError('gates/usage', `--sarif is for the audit, not for ${name}.`, 'Run the gate audit, or all.');
  }
  refuseMisplaced(name, flags);
  const earlier = flags.needs === undefined ? [] : resultsOfNeeds(flags.needs);
  const repository = await openRepository(flags);
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  const candles = openCandles(flags);
  const log = createLog(process.env.RATCHET_LOG_LEVEL ?? 'warn');
  try {
    const context = await openContext({
      repository,
      state,
      candles,
      log,
      base: flags.base,
      head: flags.head,
      author,
    });
    const show = (result: GateResult): void => {
      console.log(
        flags.json === true
          ? JSON.stringify(result)
          : `${result.conclusion === 'success' ? '✔' : '✘'} ${result.gate}: ${result.title}`,
      );
    };
    const silence = flags.annotations === undefined ? null : silenced(randomUUID());
    if (silence !== null) console.log(silence.begin);
    let audited: AuditReport | null = null;
    const tools = gateToolsFor(command, flags, (report) => {
      audited = report;
    });
    const results =
      name === 'all'
        ? await runAllGates(context, show, tools)
        : [await oneGate(name as GateName, context, flags, earlier, tools)];
    if (name !== 'all') show(results[0]!);
    await writeSarif(flags.sarif, audited, results);
    const isProven = results.every((result) => result.conclusion === 'success');
    const signed =
      isProven && flags.key !== undefined && name === 'all' ? await signWith(flags.key, context, results, state) : [];
    const { base, head } = context;
    if (flags.results !== undefined)
      await writeGateReport(flags.results, { base, head, results: [...results], signed: [...signed] });
    if (flags.summary !== undefined) await appendFile(flags.summary, renderStepSummary(results, await packsOf(context)));
    if (flags.json === true) {
      const gates = Object.fromEntries(results.map((result) => [result.gate, result.conclusion]));
      const couldNotLook = results.filter((result) => result.couldNotLook === true).map(({ gate }) => gate);
      console.log(JSON.stringify({ base, head, gates, couldNotLook, signed }));
    } else if (!isProven) {
      console.log(`\n${renderGateSummary(results.filter((result) => result.gate !== FINAL_GATE))}`);
    }
    if (silence !== null) {
      console.log(silence.end);
      for (const { gate, annotations } of results)
        for (const annotation of annotations) console.log(workflowCommand(gate, annotation));
    }
    process.exitCode = isProven ? 0 : 1;
  } finally {
    candles?.close();
  }
}

/** An option in the wrong place would be ignored, and whoever wrote it would believe it was not. */
function refuseMisplaced(name: string, { keepVaultShut, needs, key }: GateFlags): void {
  const misplaced =
    keepVaultShut === true && name !== 'backtest'
      ? '--keep-vault-shut is for backtest'
      : needs !== undefined && name !== 'policy'
        ? '--needs is for policy'
        : key !== undefined && name !== 'all'
          ? '--key is for all'
          : null;
  if (misplaced !== null) throw new RatchetError('gates/usage', `${misplaced}, not for ${name}.`, 'See ratchet gate --help.');
}

async function oneGate(
  name: GateName,
  context: GateContext,
  { keepVaultShut }: GateFlags,
  earlier: readonly GateResult[],
  tools: GateTools,
): Promise<GateResult> {
  if (keepVaultShut !== true) return runGate(name, context, earlier, tools);
  try {
    const found = await reexecuteEvidence(context);
    return found.state === 'ended' ? found.result : beforeVault(found.questions);
  } catch (error) {
    context.log.warn({ err: error, gate: name }, 'A gate could not look.');
    return endedBy(name, error);
  }
}

async function writeSarif(path: string | undefined, report: AuditReport | null, results: readonly GateResult[]): Promise<void> {
  const result = results.find(({ gate }) => gate === 'audit');
  if (path === undefined || result === undefined) return;
  await writeFile(path, `${JSON.stringify(sarifOf(report, result), null, 2)}\n`);
}

/** Proving makes nothing in the folder where it is run: where the workspace has no candles, the gate that needs some says so. */
function openCandles({ candles, workspace }: GateFlags): CandleStore | null {
  if (candles !== undefined) return CandleStore.openExisting(candles);
  const own = workspaceAt(workspace).candles;
  return CandleStore.exists(own) ? CandleStore.openExisting(own) : null;
}

async function openRepository(flags: GateFlags): Promise<Repository> {
  const { repository } = workspaceAt(flags.workspace);
  const dir = flags.repository ?? (existsSync(repository) ? repository : '.');
  // The workspace's own repository is the truth, not a copy: what is written to its state branch is written to itself.
  if (flags.remote === undefined && dir === repository) return Repository.open({ dir, remoteUrl: dir });
  if (flags.remote === undefined) return Repository.open({ dir });
  const token = process.env.RATCHET_GIT_TOKEN;
  return Repository.open({
    dir,
    remoteUrl: flags.remote,
    ...(token === undefined ? {} : { authorization: () => basicAuthorization('x-access-token', token) }),
  });
}

async function signWith(
  keyPath: string,
  context: Awaited<ReturnType<typeof openContext>>,
  results: readonly GateResult[],
  state: StateBranch,
): Promise<readonly string[]> {
  return signChange(context, results, await loadPrivateKey(keyPath), state, 'ratchet gate', Date.now);
}
