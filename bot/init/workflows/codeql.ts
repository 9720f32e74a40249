import { ACTIONS, expression, header, job, uses } from './parts.ts';

/** GitHub's own analysis of TypeScript and of the workflows themselves. */
export function codeql(): string {
  const matrix = ['      fail-fast: false', '      matrix:', '        language: [javascript-typescript, actions]'].join('\n');
  const analyse = job('analyse', { timeoutMinutes: 30, permissions: { contents: 'read', 'security-events': 'write' }, matrix }, [
    uses({ name: 'Check out' }, ACTIONS.checkout, { 'persist-credentials': 'false' }),
    uses({ name: 'Begin' }, ACTIONS.codeqlInit, {
      languages: expression('matrix.language'),
      'build-mode': 'none',
      queries: 'security-extended',
    }),
    uses({ name: 'Analyse' }, ACTIONS.codeqlAnalyze, { category: `/language:${expression('matrix.language')}` }),
  ]);
  return `${header('Analyses the code with CodeQL.')}
name: codeql
on:
  push:
    branches: [main]
  pull_request:
    branches: [main]
  schedule:
    - cron: '41 4 * * 1'
permissions: {}
concurrency:
  group: codeql-${expression('github.ref')}
  cancel-in-progress: true
defaults:
  run:
    shell: bash
jobs:
${analyse}
`;
}
