import { expression, header, job, MIRROR, mirror, type ProgramSource, program, RATCHET, REMOTE, run } from './parts.ts';

/** What was pushed to main past the gates must not name what is not there either. */
export function docs(source: ProgramSource): string {
  const look = job(
    'docs',
    {
      timeoutMinutes: 10,
      permissions: { contents: 'read' },
      env: { BEFORE: expression('github.event.before'), AFTER: expression('github.sha'), REMOTE },
    },
    [
      ...program(source, expression('github.sha')),
      mirror({ token: expression('github.token'), pull: false }),
      run({ name: 'Look at every reference' }, [
        `${RATCHET} gate docs --base "$BEFORE" --head "$AFTER" --author person --repository ${MIRROR} --workspace "$RUNNER_TEMP/workspace" --summary "$GITHUB_STEP_SUMMARY" --annotations github`,
      ]),
    ],
  );
  return `${header('Looks at what documents name after each push to main.')}
name: docs
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: docs-${expression('github.ref')}
  cancel-in-progress: true
defaults:
  run:
    shell: bash
jobs:
${look}
`;
}
