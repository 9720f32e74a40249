import type { NightSchedule } from '#bot/orchestrator/night-schedule.ts';
import {
  ACTIONS,
  CANDLES,
  candles,
  expression,
  header,
  job,
  KEPT,
  keepModel,
  MIRROR,
  mirror,
  type ProgramSource,
  pipAudit,
  program,
  RATCHET,
  REMOTE,
  restoreModel,
  run,
  uses,
} from './parts.ts';

const NIGHT = '"$RUNNER_TEMP/night"';

/** The job that thinks may write nothing; the job that writes has never seen a model. Between them: a bundle of commits and a JSON file. */
export function nightly(source: ProgramSource, { at, timeZone }: NightSchedule): string {
  const jobs = [listing(source), backtests(source), thinking(source), proposing(source)];
  return `${header('A night: looks at one strategy, searches, and proposes at most one change. Checks every deployed strategy beside it.')}
name: nightly
on:
  schedule:
    - cron: '${at}'
${zone(timeZone)}  workflow_dispatch:
    inputs:
      strategy:
        description: The strategy to look at; empty for the one whose last night is longest ago
        required: false
        type: string
      hint:
        description: A wish, written into the ledger under your name and obeyed by nobody
        required: false
        type: string
permissions: {}
concurrency:
  group: nightly
  cancel-in-progress: false
defaults:
  run:
    shell: bash
env:
  BASE: ${expression('github.sha')}
  REMOTE: ${REMOTE}
jobs:
${jobs.join('\n\n')}
`;
}

/** Without it GitHub goes by UTC, which every server knows how to; a zone of its own only newer ones do. */
function zone(timeZone: string): string {
  return timeZone === 'UTC' ? '' : `      timezone: '${timeZone}'\n`;
}

function listing(source: ProgramSource): string {
  return job(
    'strategies',
    {
      timeoutMinutes: 10,
      permissions: { contents: 'read' },
      outputs: { list: expression('steps.list.outputs.strategies') },
    },
    [
      ...program(source, expression('github.sha')),
      mirror({ token: expression('github.token'), pull: false }),
      run({ name: 'List what is deployed', id: 'list' }, [`${RATCHET} actions strategies --repository ${MIRROR} --at "$BASE"`]),
    ],
  );
}

/** One job a strategy: causality, warm-up and determinism of what is deployed, over the very candles it is judged by. */
function backtests(source: ProgramSource): string {
  const matrix = [
    '      fail-fast: false',
    '      max-parallel: 8',
    '      matrix:',
    `        strategy: ${expression('fromJSON(needs.strategies.outputs.list)')}`,
  ].join('\n');
  return job(
    'backtests',
    {
      timeoutMinutes: 30,
      permissions: { contents: 'read' },
      needs: ['strategies'],
      condition: "needs.strategies.outputs.list != '[]'",
      matrix,
      env: { STRATEGY: expression('matrix.strategy') },
    },
    [
      ...program(source, expression('github.sha')),
      mirror({ token: expression('github.token'), pull: false }),
      ...candles({ keeps: true }),
      run({ name: 'Verify the strategy' }, [
        `${RATCHET} actions backtest --repository ${MIRROR} --at "$BASE" --strategy "$STRATEGY" --candles ${CANDLES} --summary "$GITHUB_STEP_SUMMARY"`,
      ]),
    ],
  );
}

function thinking(source: ProgramSource): string {
  return job(
    'think',
    {
      timeoutMinutes: 120,
      permissions: { contents: 'read', issues: 'read', 'pull-requests': 'read' },
      environment: 'ratchet-think',
      outputs: { decision: expression('steps.think.outputs.decision') },
    },
    [
      ...program(source, expression('github.sha')),
      mirror({ token: expression('github.token'), pull: false }),
      ...candles({ keeps: false }),
      pipAudit(),
      restoreModel(),
      run(
        {
          name: 'Think',
          id: 'think',
          env: {
            RATCHET_API_TOKEN: expression('github.token'),
            STRATEGY: expression('inputs.strategy'),
            HINT: expression('inputs.hint'),
            TRIALS: expression("vars.RATCHET_TRIALS || '60'"),
            RATCHET_PROPOSER: expression('vars.RATCHET_PROPOSER'),
            RATCHET_MODEL: expression('vars.RATCHET_MODEL'),
            ANTHROPIC_API_KEY: expression('secrets.ANTHROPIC_API_KEY'),
          },
        },
        [
          `${RATCHET} actions think --mirror ${MIRROR} --candles ${CANDLES} --out ${NIGHT} --kept ${KEPT} --strategy "$STRATEGY" --hint "$HINT" --trials "$TRIALS" --summary "$GITHUB_STEP_SUMMARY"`,
        ],
      ),
      keepModel(),
      run({ name: 'Bundle the commits', env: { BRANCH: expression('steps.think.outputs.branch') } }, [
        `git -C ${MIRROR} bundle create --quiet "$RUNNER_TEMP/night/night.bundle" refs/heads/ratchet/state \${BRANCH:+"refs/heads/$BRANCH"}`,
      ]),
      uses({ name: 'Hand them over' }, ACTIONS.upload, {
        name: 'night',
        path: `${expression('runner.temp')}/night`,
        'if-no-files-found': 'error',
        'retention-days': '30',
      }),
    ],
  );
}

function proposing(source: ProgramSource): string {
  const token = expression('steps.app.outputs.token');
  return job(
    'propose',
    {
      timeoutMinutes: 15,
      permissions: { contents: 'read' },
      needs: ['think'],
      condition: "vars.RATCHET_APP_ID != '' && needs.think.result == 'success'",
      environment: 'ratchet-propose',
    },
    [
      ...program(source, expression('github.sha')),
      uses({ name: "Take the App's token", id: 'app' }, ACTIONS.appToken, {
        'app-id': expression('vars.RATCHET_APP_ID'),
        'private-key': expression('secrets.RATCHET_APP_KEY'),
        'permission-contents': 'write',
        'permission-pull-requests': 'write',
        'permission-issues': 'write',
      }),
      mirror({ token, pull: false }),
      uses({ name: 'Take the night over' }, ACTIONS.download, { name: 'night', path: `${expression('runner.temp')}/night` }),
      run({ name: 'Unpack its commits' }, [
        `git -C ${MIRROR} fetch --quiet --no-tags "$RUNNER_TEMP/night/night.bundle" '+refs/heads/*:refs/night/*'`,
      ]),
      run(
        {
          name: 'Publish it',
          env: { RATCHET_GIT_TOKEN: token, RATCHET_API_TOKEN: token, RATCHET_APP_ID: expression('vars.RATCHET_APP_ID') },
        },
        [`${RATCHET} actions propose --mirror ${MIRROR} --remote "$REMOTE" --result "$RUNNER_TEMP/night/result.json"`],
      ),
    ],
  );
}
