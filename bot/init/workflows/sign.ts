import {
  ACTIONS,
  AUTHOR,
  author,
  CANDLES,
  candles,
  expression,
  header,
  job,
  MIRROR,
  mirror,
  type ProgramSource,
  pipAudit,
  program,
  RATCHET,
  REMOTE,
  run,
  uses,
} from './parts.ts';

const FOUND = "steps.pull.outputs.number != ''";
/** An expression that begins with the function that says whether to run at all cannot stand beside another without parentheses. */
const EVEN_SO = `always() && ${FOUND}`;

/**
 * Runs from the default branch only, in an environment that holds the gate's key and the App's. It believes nothing of the pull
 * request's own run, which the pull request may have rewritten, and takes from it one thing: which commit to look at.
 */
export function sign(source: ProgramSource): string {
  const proof = job(
    'sign',
    {
      timeoutMinutes: 45,
      permissions: { contents: 'read', 'pull-requests': 'read' },
      environment: 'ratchet-sign',
      condition:
        "vars.RATCHET_APP_ID != '' && github.event.workflow_run.event == 'pull_request' && github.event.workflow_run.conclusion != 'cancelled'",
      env: { BASE: expression('github.sha'), HEAD: expression('github.event.workflow_run.head_sha'), REMOTE },
    },
    steps(source),
  );
  return `${header("Proves a pull request again with main's code, opens the vault, signs what passed, and shows it as the App's checks.")}
name: sign
on:
  workflow_run:
    workflows: [gates]
    types: [completed]
permissions: {}
concurrency:
  group: sign-${expression('github.event.workflow_run.head_sha')}
  cancel-in-progress: false
defaults:
  run:
    shell: bash
jobs:
${proof}
`;
}

function steps(source: ProgramSource): string[] {
  const token = expression('steps.app.outputs.token');
  const number = expression('steps.pull.outputs.number');
  return [
    ...program(source, expression('github.sha')),
    run({ name: 'Find the pull request', id: 'pull', env: { RATCHET_API_TOKEN: expression('github.token') } }, [
      `${RATCHET} actions pull --head "$HEAD"`,
    ]),
    uses({ name: "Take the App's token", id: 'app', condition: FOUND }, ACTIONS.appToken, {
      'app-id': expression('vars.RATCHET_APP_ID'),
      'private-key': expression('secrets.RATCHET_APP_KEY'),
      'permission-contents': 'write',
      'permission-checks': 'write',
    }),
    mirror({ token, pull: true, condition: FOUND }).replace(
      /( +)RATCHET_GIT_TOKEN: .*/,
      (line, indent: string) => `${line}\n${indent}NUMBER: ${number}`,
    ),
    author({
      condition: FOUND,
      env: {
        NUMBER: number,
        BRANCH: expression('steps.pull.outputs.branch'),
        OPENER: expression('steps.pull.outputs.opener'),
      },
    }),
    pipAudit(FOUND),
    ...candles({ keeps: false, condition: FOUND }),
    run(
      {
        name: 'Prove, and sign what passes',
        condition: FOUND,
        env: {
          AUTHOR,
          RATCHET_GIT_TOKEN: token,
          RATCHET_GATE_KEY: expression('secrets.RATCHET_GATE_KEY'),
        },
      },
      [
        'umask 077',
        `printf '%s\\n' "$RATCHET_GATE_KEY" > "$RUNNER_TEMP/gate.pem"`,
        'unset RATCHET_GATE_KEY',
        [
          `${RATCHET} gate all --base "$BASE" --head "$HEAD" --author "$AUTHOR" --repository ${MIRROR} --remote "$REMOTE"`,
          `--candles ${CANDLES} --key "$RUNNER_TEMP/gate.pem" --results "$RUNNER_TEMP/results.json"`,
          '--summary "$GITHUB_STEP_SUMMARY" --annotations github',
        ].join(' '),
      ],
    ),
    run({ name: 'Take the key away', condition: 'always()' }, ['rm -f "$RUNNER_TEMP/gate.pem"']),
    run(
      {
        name: "Show it as the App's checks",
        condition: EVEN_SO,
        env: { RATCHET_API_TOKEN: token, RATCHET_APP_ID: expression('vars.RATCHET_APP_ID') },
      },
      [`${RATCHET} actions checks --head "$HEAD" --results "$RUNNER_TEMP/results.json"`],
    ),
  ];
}
