import { ACTIONS, expression, header, job, run, uses } from './parts.ts';

/** A tag on main becomes a release: tested, packed, and with a statement by GitHub about where the package was built. */
export function release(): string {
  const build = job('build', { timeoutMinutes: 60, permissions: { contents: 'read' } }, [
    uses({ name: 'Check out' }, ACTIONS.checkout, { 'persist-credentials': 'false', 'fetch-depth': '0' }),
    uses({ name: 'Set up Node' }, ACTIONS.setupNode, { 'node-version': "'24'" }),
    run({ name: 'Take only what is on main and named alike', env: { TAG: expression('github.ref_name') } }, [
      'git merge-base --is-ancestor "$GITHUB_SHA" refs/remotes/origin/main',
      'test "$TAG" = "v$(node -p \'require("./package.json").version\')"',
    ]),
    run({ name: 'Install, check, lint, test', env: { RATCHET_LONG: "'1'" } }, ['.ci/run']),
    run({ name: 'Pack' }, ['mkdir -p "$RUNNER_TEMP/package"', 'npm pack --pack-destination "$RUNNER_TEMP/package"']),
    uses({ name: 'Hand it over' }, ACTIONS.upload, {
      name: 'package',
      path: `${expression('runner.temp')}/package`,
      'if-no-files-found': 'error',
    }),
  ]);
  const publish = job(
    'publish',
    {
      timeoutMinutes: 10,
      permissions: { contents: 'write', 'id-token': 'write', attestations: 'write' },
      needs: ['build'],
      environment: 'release',
    },
    [
      uses({ name: 'Take it over' }, ACTIONS.download, { name: 'package', path: 'package' }),
      uses({ name: 'State where it was built' }, ACTIONS.attest, { 'subject-path': 'package/*.tgz' }),
      run({ name: 'Release it', env: { GH_TOKEN: expression('github.token'), TAG: expression('github.ref_name') } }, [
        'gh release create "$TAG" package/*.tgz --repo "$GITHUB_REPOSITORY" --verify-tag --generate-notes',
      ]),
    ],
  );
  return `${header('Makes a release of a tag.')}
name: release
on:
  push:
    tags: ['v*']
permissions: {}
concurrency:
  group: release-${expression('github.ref')}
  cancel-in-progress: false
defaults:
  run:
    shell: bash
jobs:
${[build, publish].join('\n\n')}
`;
}
