import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandNamed } from '#bot/commands/index.ts';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { readCodeOwners } from '#bot/forge/protection/code-owners.ts';
import { ownersIn } from '#bot/init/code-owners.ts';
import { deploymentFiles } from '#bot/init/deployment-files.ts';
import { teamFiles } from '#bot/init/team-files.ts';
import { workflows } from '#bot/init/workflows.ts';
import { IssueForm, LABELS_OF_A_NEW_REPOSITORY, TemplateChooser } from '#tests/support/github-issue-form.ts';

const FORMS = '.github/ISSUE_TEMPLATE/';
const team = teamFiles({ repository: 'octo/strategies', apiUrl: null, codeOwners: ['@octo', '@octo-org/desk'] });
const textOf = (path: string): string => Buffer.from(team.get(path)!).toString('utf8');
const forms = [...team.keys()].filter((path) => path.startsWith(FORMS) && !path.endsWith('config.yml'));
const anybody = () => true;

/** Whether a pattern that stands at the root, or `*`, names one of the paths. */
function namesAny(pattern: string, paths: readonly string[]): boolean {
  if (pattern === '*') return paths.length > 0;
  const path = pattern.replace(/^\//, '');
  return paths.some((candidate) => (path.endsWith('/') ? candidate.startsWith(path) : candidate === path));
}

/** Everything that `ratchet init` writes, workflows included. */
const written = [
  ...deploymentFiles({ source: '.', evaluation: {} as Evaluation, keys: [] }).keys(),
  ...team.keys(),
  ...Object.keys(workflows({ program: { repository: 'octo/ratchet', commit: 'a'.repeat(40) } })),
];

describe('the issue forms that ratchet init writes', () => {
  it('are two, with a chooser', () => {
    expect(forms).toEqual([`${FORMS}strategy-idea.yml`, `${FORMS}trouble.yml`]);
    expect(TemplateChooser.parse(parse(textOf(`${FORMS}config.yml`)))).toEqual({ blank_issues_enabled: true });
  });

  it.each(forms)('%s is one that GitHub shows', (path) => {
    const form = IssueForm.parse(parse(textOf(path)));
    for (const label of form.labels ?? []) expect(LABELS_OF_A_NEW_REPOSITORY).toContain(label);
  });

  it('have names of their own', () => {
    const names = forms.map((path) => IssueForm.parse(parse(textOf(path))).name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('name commands and strategies that there are', () => {
    const all = forms.map(textOf).join('\n');
    const commands = [...all.matchAll(/(?:^|[\s`])\/([a-z]+)\b/g)].map(([, name]) => name!);
    expect(commands.toSorted()).toEqual(['halt', 'pause', 'status']);
    for (const name of commands) expect(commandNamed(name)).not.toBeNull();
    const [, strategy] = all.match(/placeholder: (\S+)/)!;
    expect(written).toContain(`strategies/${strategy}/strategy.ts`);
  });
});

describe("GitHub's rules for issue forms, as these tests know them", () => {
  const input = { type: 'input', id: 'seen', attributes: { label: 'What you saw' } };
  const form = (...body: unknown[]) => ({ name: 'Trouble', description: 'Something runs that should not.', body });
  it('take a plain form', () => {
    expect(IssueForm.safeParse(form(input)).success).toBe(true);
  });

  it.each<[string, unknown]>([
    ['one without a description', { name: 'Trouble', body: [input] }],
    ['a key that GitHub does not know', { ...form(input), about: 'Trouble' }],
    ['one that asks nothing', form({ type: 'markdown', attributes: { value: 'Hello.' } })],
    ['a type that there is not', form({ ...input, type: 'text' })],
    ['a field without a label', form({ ...input, attributes: { description: 'What?' } })],
    ['two fields of one id', form(input, { ...input, attributes: { label: 'Another' } })],
    [
      'labels that differ in signs only',
      form({ type: 'input', attributes: { label: 'Name?' } }, { type: 'input', attributes: { label: 'Name??' } }),
    ],
    ['an id with a space', form({ ...input, id: 'what you saw' })],
    ['an id on a text that is only shown', form(input, { type: 'markdown', id: 'a', attributes: { value: 'Hello.' } })],
    ['a question for a password', form({ ...input, attributes: { label: 'Password' } })],
    ['a choice of nothing', form({ type: 'dropdown', attributes: { label: 'Stage', options: [] } })],
    ['the reserved choice', form({ type: 'dropdown', attributes: { label: 'Stage', options: ['paper', 'None'] } })],
    ['a label of more than fifty characters', { ...form(input), labels: ['x'.repeat(51)] }],
  ])('refuse %s', (_what, broken) => {
    expect(IssueForm.safeParse(broken).success).toBe(false);
  });
});

describe('the code owners that ratchet init writes', () => {
  const { owned: lines, faults } = readCodeOwners(textOf('.github/CODEOWNERS'), anybody);

  it('are read by GitHub, and own everything and what decides most by name', () => {
    expect(faults).toEqual([]);
    expect(lines.map(({ pattern }) => pattern)).toEqual(['*', '/policies/', '/.github/', '/strategies/']);
    for (const { owners } of lines) expect(owners).toEqual(['@octo', '@octo-org/desk']);
  });

  it('own nothing that ratchet init does not write', () => {
    for (const { pattern } of lines) expect([pattern, namesAny(pattern, written)]).toEqual([pattern, true]);
    expect(namesAny('/elsewhere/', written)).toBe(false);
  });

  it.each([
    ['!/policies/ @octo', 'Invalid pattern', 1],
    ['/[ab]/ @octo', 'Invalid pattern', 1],
    ['\\#1 @octo', 'Invalid pattern', 1],
    ['* octo', 'Invalid owner', 3],
    ['* @ada @octo/', 'Invalid owner', 8],
    ['* @', 'Invalid owner', 3],
    ['* @nobody', 'Unknown owner', 3],
  ])('would not be read with %s', (source, kind, column) => {
    const found = readCodeOwners(`# Who\n${source}\n`, (owner) => owner !== '@nobody');
    expect(found).toMatchObject({ owned: [], faults: [{ line: 2, column, kind, source }] });
  });

  it.each(['@octo', '@octo-org/desk', 'ada@example.org', '@ada_corp', '@octo  @octo-org/desk'])('may be %s', (text) => {
    const owners = ownersIn(text);
    expect(readCodeOwners(`* ${owners.join(' ')}`, anybody).owned[0]?.owners).toEqual(text.split(/\s+/));
  });

  it.each(['', ' ', 'octo', '@', '@octo/', '@-octo', '@octo @', '@octo\n* @eve', 'ada@', '#octo'])('may not be "%s"', (text) => {
    expect(() => ownersIn(text)).toThrow(/nobody whom GitHub could ask/);
  });
});
