import { ACTIONS, expression, header, job, run, uses } from './parts.ts';

/** What takes minutes of real git, npm and processes is left to the day's own run, and to whoever asks for it. */
const IS_LONG = "(github.event_name == 'schedule' || github.event_name == 'workflow_dispatch') && '1' || ''";

/** Ratchet's own tests, with the pull request's code and therefore without any right or secret. */
export function ci(): string {
  const matrix = ['      fail-fast: false', '      matrix:', "        node: ['20', '22', '24']"].join('\n');
  const test = job('test', { timeoutMinutes: 60, permissions: { contents: 'read' }, matrix }, [
    uses({ name: 'Check out' }, ACTIONS.checkout, { 'persist-credentials': 'false' }),
    uses({ name: 'Set up Node' }, ACTIONS.setupNode, { 'node-version': expression('matrix.node') }),
    run({ name: 'Install, check, lint, test', env: { RATCHET_LONG: expression(IS_LONG) } }, ['.ci/run']),
  ]);
  return `${header("Ratchet's own tests.")}
name: ci
on:
  push:
    branches: [main]
  pull_request:
    branches: [main]
  schedule:
    - cron: '23 3 * * *'
  workflow_dispatch:
permissions: {}
concurrency:
  group: ci-${expression('github.ref')}
  cancel-in-progress: true
defaults:
  run:
    shell: bash
jobs:
${test}
`;
}
