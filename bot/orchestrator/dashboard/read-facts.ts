import { type LedgerReading, nightsOf, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { publishedForward } from '#bot/gates/forward-evidence.ts';
import { heldOutStatus } from '#bot/gates/held-out-status.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import type { Allowance } from '#bot/proposers/claude/budget.ts';
import { RatchetError } from '#engine/errors.ts';
import { Control, controlPath } from '#engine/runtime/control.ts';
import { parseReport, reportPath } from '#engine/runtime/report.ts';
import { parseStatus, statusPath } from '#engine/runtime/status.ts';
import { approvalsOf, heldBy, readDecisions } from '../life/decisions.ts';
import { type LifeOptions, MAIN } from '../life/life-options.ts';
import { staleBranches } from '../life/stale-branches.ts';
import type { DashboardFacts, GatesState, Looked, OpenProposal } from './facts.ts';
import { modelCost } from './model-cost.ts';

type FactsOptions = Pick<LifeOptions, 'api' | 'repository' | 'state' | 'botLogin' | 'author' | 'clock' | 'log'> & {
  /** The bot's own folder, which holds what models cost, and what they may cost a day: null where none is configured. */
  readonly models?: { readonly dir: string; readonly allowance: Allowance | null };
};

/** Looks up all that the dashboard speaks of. What cannot be read is said there, and hides nothing else. */
export async function readFacts(options: FactsOptions): Promise<DashboardFacts> {
  const { api, repository, state, models, clock } = options;
  await repository.fetch();
  await state.reload();
  const published = async <T>(path: string, parse: (text: string) => T): Promise<Looked<T | null>> =>
    looked(async () => {
      const text = await state.readText(path);
      return text === null ? null : parse(text);
    });
  const ledger = await looked(() => readLedgerFrom(state));
  const whole = (reading: LedgerReading) => looked(() => heldOutStatus(repository, reading));
  return {
    status: await published(statusPath, parseStatus),
    report: await published(reportPath, parseReport),
    control: await published(controlPath, parseControl),
    proposals: await proposalsOf(
      (await api.listOpenPullRequests()).filter(({ baseRef }) => baseRef === MAIN),
      options,
    ),
    nights: ledger.ok ? { ok: true, value: nightsOf(ledger.value) } : ledger,
    ledgerLines: ledger.ok ? ledger.value.entries.length : 0,
    heldOut: ledger.ok ? await whole(ledger.value) : ledger,
    models: models === undefined ? null : await looked(() => modelCost(models.dir, models.allowance, clock())),
    branches: await staleBranches(options),
    forward: await looked(() => publishedForward(state)),
  };
}

async function proposalsOf(pulls: readonly PullRequest[], options: FactsOptions): Promise<readonly OpenProposal[]> {
  const { api, state, botLogin } = options;
  const sorted = [...pulls].sort((left, right) => left.number - right.number);
  return Promise.all(
    sorted.map(async ({ number, title, url, author, headSha }) => {
      const decisions = await looked(() => readDecisions(state, number));
      const { [FINAL_GATE]: gate } = await api.checkConclusions(headSha);
      return {
        number,
        title,
        url,
        author,
        isBots: author === botLogin,
        head: headSha,
        gates: stateOf(gate),
        heldBy: decisions.ok ? (heldBy(decisions.value)?.by ?? null) : null,
        approvals: decisions.ok ? approvalsOf(decisions.value, headSha).length : 0,
      };
    }),
  );
}

/** The final check has no conclusion while it is awaited. */
export function stateOf(conclusion: string | undefined): GatesState {
  if (conclusion === undefined) return 'running';
  return conclusion === 'success' ? 'passed' : 'failed';
}

function parseControl(text: string): Control {
  const parsed = Control.safeParse(safeJson(text));
  if (parsed.success) return parsed.data;
  throw new RatchetError(
    'dashboard/control',
    `${controlPath} is not an order that an engine would read.`,
    'Give the order again.',
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with a record is shown where it would have stood; what is wrong with the machine is thrown. */
async function looked<T>(look: () => Promise<T> | T): Promise<Looked<T>> {
  try {
    return { ok: true, value: await look() };
  } catch (error) {
    if (error instanceof RatchetError && !error.code.startsWith('repository/'))
      return { ok: false, why: `${error.message} ${error.remedy}` };
    throw error;
  }
}
