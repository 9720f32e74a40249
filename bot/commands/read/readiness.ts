import { text } from '#bot/evidence/markdown.ts';
import { counted, percent, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import { readText } from '#bot/gates/context.ts';
import { publishedForward } from '#bot/gates/forward-evidence.ts';
import { GATES_POLICY_PATH, GatesPolicy, parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import { readinessText } from '#bot/readiness/readiness-text.ts';
import { Stage } from '#engine/contract/manifest.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { CommandRoom, CommentCommand } from '../command.ts';
import { tipOf } from '../deployed.ts';
import { asOfLine } from './figures.ts';
import { publishedReport, strategiesNamed } from './strategy-named.ts';

export const readiness: CommentCommand = {
  name: 'readiness',
  usage: '/readiness [STRATEGY]',
  summary: 'show what a strategy has shown forward, and what its next stage would ask',
  help: 'What the running version has done since it was loaded, how the seven gates of its readiness stand, and the conditions that the policies on main put before the next stage. It says what is asked; the gates decide when a pull request asks for it (`/promote`).',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [id] }, room) {
    const report = await publishedReport(room);
    const strategies = strategiesNamed(report, id);
    const asked = await conditionsOnMain(room);
    await room.state.refresh();
    const shown = await publishedForward(room.state);
    const parts = strategies.map((strategy) => {
      // Of the version that runs: what was published of another says nothing of it.
      const own = shown.find((one) => one.strategy === strategy.id && one.tree === strategy.tree);
      return [readinessOf(strategy, asked), own === undefined ? NOT_MEASURED : readinessText(own)].join('\n\n');
    });
    return [...(parts.length === 0 ? ['Nothing is loaded.'] : parts), asOfLine(report)].join('\n\n');
  },
};

const NOT_MEASURED =
  'Nothing was published yet of what this version has shown: `ratchet readiness`, where the engine runs, measures it.';

interface Asked {
  readonly policies: GatesPolicy['policies'];
  readonly risk: RiskPolicy;
}

async function conditionsOnMain({ repository }: Pick<CommandRoom, 'repository'>): Promise<Asked> {
  const main = await tipOf(repository);
  const [gates, risk] = await Promise.all([
    readText(repository, main, GATES_POLICY_PATH),
    readText(repository, main, RISK_POLICY_PATH),
  ]);
  return {
    policies: parsePolicy(GATES_POLICY_PATH, gates, GatesPolicy).policies,
    risk: parsePolicy(RISK_POLICY_PATH, risk, RiskPolicy),
  };
}

function readinessOf(strategy: StrategyReport, asked: Asked): string {
  const next = Stage.options[Stage.options.indexOf(strategy.stage) + 1];
  const shown = [`**${strategy.id}**, stage **${strategy.stage}**.`, forward(strategy)];
  if (next === undefined) return [...shown, 'There is no stage above it.'].join('\n\n');
  const conditions = asked.policies
    .filter(({ matchConstraints: { stages }, failureAction }) => failureAction === 'deny' && stages?.includes(next) === true)
    .flatMap(({ validations }) =>
      validations.map(({ reason, message }) => `- ${reason === undefined ? '' : `\`${reason}\`: `}${text(message)}`),
    );
  const limit = asked.risk.stages[next]?.maxDrawdown;
  const risk =
    limit === undefined
      ? `No limit is written for ${next}, so a rule that asks for one denies.`
      : `Its drawdown there may reach ${percent(limit)}.`;
  const list =
    conditions.length === 0
      ? 'No policy asks anything of it.'
      : `It is denied when one of these is so:\n\n${conditions.join('\n')}`;
  return [...shown, `Next is **${next}**. ${list}`, risk].join('\n\n');
}

/** Of the version that runs: the account may have traded for years under others, and what they did says nothing of this one. */
function forward({ truth, capital, performance: { since } }: StrategyReport): string {
  if (since === null || truth.age === null) return 'It has seen no bar yet.';
  const result = `${signedDecimal(truth.netResult)} after fees, ${signedPercent(truth.netResult / capital)} of the capital`;
  return `Forward, this version: ${counted(Math.floor(truth.age), 'day')}, ${counted(truth.trades, 'closed trade')} (${result}), deepest drawdown ${percent(truth.drawdownWorst)}.`;
}
