import {
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
} from './parts.ts';

const LOOKING = ['guard', 'docs', 'sandbox', 'audit', 'backtest'] as const;
const ALL = [...LOOKING, 'policy'] as const;
type Name = (typeof ALL)[number];

/** One job a gate, each with the base's code and policies; the head is looked at as git objects and never checked out. */
export function gates(source: ProgramSource): string {
  const jobs = [...ALL.map((name) => gateJob(source, name)), finalJob()];
  return `${header('Proves a pull request: one job a gate, and a last one that demands success of each.')}
name: gates
on:
  pull_request:
    branches: [main]
permissions: {}
concurrency:
  group: gates-${expression('github.event.pull_request.number')}
  cancel-in-progress: true
defaults:
  run:
    shell: bash
env:
  BASE: ${expression('github.event.pull_request.base.sha')}
  HEAD: ${expression('github.event.pull_request.head.sha')}
  NUMBER: ${expression('github.event.pull_request.number')}
  BRANCH: ${expression('github.event.pull_request.head.ref')}
  OPENER: ${expression('github.event.pull_request.user.type')}
  REMOTE: ${REMOTE}
jobs:
${jobs.join('\n\n')}
`;
}

function gateJob(source: ProgramSource, name: Name): string {
  const isLast = name === 'policy';
  const frame = {
    timeoutMinutes: name === 'backtest' ? 30 : 10,
    permissions: { contents: 'read' },
    ...(isLast ? { needs: LOOKING, condition: 'always()' } : {}),
  } as const;
  const words = [
    `${RATCHET} gate ${name} --base "$BASE" --head "$HEAD" --author "$AUTHOR"`,
    `--repository ${MIRROR} --workspace "$RUNNER_TEMP/workspace"`,
    ...(name === 'backtest' ? [`--candles ${CANDLES} --keep-vault-shut`] : []),
    ...(isLast ? ['--needs "$NEEDS"'] : []),
    '--summary "$GITHUB_STEP_SUMMARY" --annotations github',
  ];
  return job(name, frame, [
    ...program(source, expression('github.event.pull_request.base.sha')),
    mirror({ token: expression('github.token'), pull: true }),
    author(),
    ...(name === 'audit' ? [pipAudit()] : []),
    ...(name === 'backtest' ? candles({ keeps: true }) : []),
    run({ name: `Run the gate ${name}`, env: { AUTHOR, ...(isLast ? { NEEDS: expression('toJSON(needs)') } : {}) } }, [
      words.join(' '),
    ]),
  ]);
}

/** Skipped is not passed, and cancelled is not passed: only success is. */
function finalJob(): string {
  const env = Object.fromEntries(ALL.map((name) => [name.toUpperCase(), expression(`needs.${name}.result`)]));
  return job('gate', { timeoutMinutes: 5, permissions: {}, needs: ALL, condition: 'always()' }, [
    run({ name: 'Demand success of each', env }, [
      ...ALL.map((name) => `echo "- ${name}: $${name.toUpperCase()}" >> "$GITHUB_STEP_SUMMARY"`),
      ...ALL.map((name) => `test "$${name.toUpperCase()}" = success`),
    ]),
  ]);
}
