import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '#bot/cli/program.ts';
import { shapeOf, troubleWithWords } from '#bot/gates/docs/command-shape.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { workflows } from '#bot/init/workflows.ts';
import { committedWorkflows } from './committed.ts';
import { pins, ratchetCalls, troubles } from './rules.ts';

const committed = committedWorkflows();
const elsewhere = workflows({ program: { repository: 'ratchet/ratchet', commit: 'a'.repeat(40) } });
const all = [...committed, ...Object.entries(elsewhere).map(([path, text]) => [`elsewhere: ${path}`, text] as const)];

describe('every workflow', () => {
  it.each(all)('%s keeps the house rules', (path, text) => {
    expect(troubles(path, text)).toEqual([]);
  });

  it.each(all)('%s calls only commands that exist, with options they have', (_path, text) => {
    const shape = shapeOf(createProgram());
    for (const words of ratchetCalls(text)) expect(troubleWithWords(shape, words), words.join(' ')).toBeNull();
  });

  it.each(all)('%s names beside each pinned commit which version it is, the same everywhere', (_path, text) => {
    for (const [action, version] of pins(text)) {
      expect(version, action).toMatch(/^v\d+\.\d+\.\d+$/);
      const [name] = action.split('@');
      const others = all.flatMap(([, other]) => [...pins(other).keys()].filter((pin) => pin.split('@')[0] === name));
      expect(new Set(others).size, name).toBe(1);
    }
  });
});

describe('the house rules', () => {
  const job = (steps: string, more = ''): string =>
    `on: { pull_request: {} }\npermissions: {}\nconcurrency: { group: x }\njobs:\n  a:\n    timeout-minutes: 5\n    permissions: {}\n${more}    steps:\n${steps}`;

  it.each([
    ['an action by its tag', job('      - { name: s, uses: actions/cache@v4 }'), 'not pinned'],
    ['a checkout that keeps its token', job(`      - { name: s, uses: actions/checkout@${'a'.repeat(40)} }`), 'leaves its token'],
    [
      "an event's text in a script",
      job(`      - { name: s, run: "echo \${{ github.event.pull_request.title }}" }`),
      'put into a script',
    ],
    [
      "a pull request's run with a secret",
      job(`      - { name: s, run: x, env: { A: "\${{ secrets.A }}" } }`, '    environment: e\n'),
      'is given a secret',
    ],
    [
      'pull_request_target',
      job('      - { name: s, run: x }').replace('pull_request', 'pull_request_target'),
      "a stranger's text",
    ],
    ['a job without a timeout', job('      - { name: s, run: x }').replace('    timeout-minutes: 5\n', ''), 'timeout-minutes'],
    [
      'rights for the whole workflow',
      job('      - { name: s, run: x }').replace('permissions: {}', 'permissions: { contents: write }'),
      'permissions',
    ],
  ])('refuse %s', (_name, text, why) => {
    expect(troubles('x.yml', text)).toEqual([expect.stringContaining(why)]);
  });
});

describe('gates.yml', () => {
  const { jobs } = parse(committed.get('.github/workflows/gates.yml')!) as {
    jobs: Record<
      string,
      {
        needs?: string[];
        if?: string;
        permissions: object;
        steps: { run?: string; uses?: string; with?: Record<string, string> }[];
      }
    >;
  };

  it('has one job a gate and a last one that demands success of each by name', () => {
    expect(Object.keys(jobs).sort()).toEqual([...GATE_NAMES, FINAL_GATE].sort());
    const last = jobs[FINAL_GATE]!;
    expect(last.if).toBe('always()');
    expect([...last.needs!].sort()).toEqual([...GATE_NAMES].sort());
    const script = last.steps[0]!.run!.split('\n');
    for (const name of GATE_NAMES) expect(script).toContain(`test "$${name.toUpperCase()}" = success`);
  });

  it('lets a pull request read and nothing else', () => {
    for (const name of GATE_NAMES) expect(jobs[name]!.permissions).toEqual({ contents: 'read' });
    expect(jobs[FINAL_GATE]!.permissions).toEqual({});
  });

  it('checks out the base, never the head', () => {
    const refs = Object.values(jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses, with: inputs }) => (uses?.startsWith('actions/checkout') ? [inputs?.ref] : [])),
    );
    expect(new Set(refs)).toEqual(new Set([`\${{ github.event.pull_request.base.sha }}`]));
  });
});

describe('the jobs that hold keys', () => {
  it('run from the default branch alone, and what thinks may not write', () => {
    const sign = parse(committed.get('.github/workflows/sign.yml')!);
    expect(Object.keys(sign.on)).toEqual(['workflow_run']);
    const { think, propose } = parse(committed.get('.github/workflows/nightly.yml')!).jobs;
    expect(Object.values(think.permissions)).toEqual(['read', 'read', 'read']);
    expect(JSON.stringify(think)).not.toMatch(/secrets\.RATCHET_(APP|GATE)_KEY/);
    expect(JSON.stringify(propose)).not.toMatch(/ANTHROPIC|MODEL/i);
  });
});

describe('what nightly.yml keeps of a model', () => {
  const { on, jobs } = parse(committed.get('.github/workflows/nightly.yml')!) as {
    on: object;
    jobs: Record<string, { steps: { name: string; if?: string; uses?: string; run?: string; with?: Record<string, string> }[] }>;
  };
  const { steps } = jobs.think!;
  const place = (action: string, begins: string) =>
    steps.findIndex((step) => step.uses?.startsWith(`actions/cache/${action}@`) && step.with?.key?.startsWith(begins));
  const [taken, thought, kept] = [
    place('restore', 'model-'),
    steps.findIndex(({ name }) => name === 'Think'),
    place('save', 'model-'),
  ];

  it('is taken up before it thinks, and kept after it, whatever came of it', () => {
    expect([taken, thought, kept].toSorted((left, right) => left - right)).toEqual([taken, thought, kept]);
    expect(taken).toBeGreaterThan(0);
    expect(steps[taken]!.with!.path).toBe(steps[kept]!.with!.path);
    expect(steps[kept]!.if).toBe('always()');
    expect(steps[thought]!.run).toContain('--kept "$RUNNER_TEMP/model"');
  });

  it('has a key for each run, and is found by how that begins, since a cache is never written over', () => {
    const key = steps[kept]!.with!.key;
    expect(key).toContain('github.run_id');
    expect(key).toContain('github.run_attempt');
    expect(steps[taken]!.with).toMatchObject({ key, 'restore-keys': 'model-' });
  });

  it("is out of every pull request's reach: no event of one starts it, and no other job takes it", () => {
    expect(Object.keys(on).sort()).toEqual(['schedule', 'workflow_dispatch']);
    const others = [...committed].flatMap(([path, text]) =>
      Object.entries((parse(text) as { jobs: typeof jobs }).jobs).map(([name, job]) => ({ where: `${path}: ${name}`, job })),
    );
    const users = others.filter(({ job }) => JSON.stringify(job).includes('model-$'));
    expect(users.map(({ where }) => where)).toEqual(['.github/workflows/nightly.yml: think']);
  });
});
