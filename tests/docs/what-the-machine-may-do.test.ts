import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '#bot/cli/program.ts';
import { COMMANDS } from '#bot/commands/index.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { wager } from '#bot/evidence/sections/wager.ts';
import { type CommandShape, shapeOf, troubleWithWords } from '#bot/gates/docs/command-shape.ts';
import { GATE_NAMES } from '#bot/gates/outcome.ts';
import { AutonomyLevel, AutonomyPolicy, GatesPolicy, PathsPolicy } from '#bot/gates/policies.ts';
import { mayMerge } from '#bot/orchestrator/autonomy.ts';
import { STAGE } from '#bot/orchestrator/life/on-demand.ts';
import { branchOf, moduleBranchOf, retirementBranchOf } from '#bot/orchestrator/propose.ts';
import { type Failure, JudgedOutcome } from '#bot/proposers/claude/outcome.ts';
import { FAULT_NAMES } from '#bot/proposers/claude/review/known-bad/known-bad.ts';
import { Decision } from '#bot/proposers/decision.ts';
import type { Finding } from '#tests/evals/run-evals.ts';
import { THREATS } from '#tests/evals/threat.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { ROOT, textOf } from './documents.ts';

const page = textOf('docs/ops/what-the-machine-may-do.md');
const autonomy = AutonomyPolicy.parse(parse(textOf('policies/autonomy.yaml')));
const paths = PathsPolicy.parse(parse(textOf('policies/paths.yaml')));
const rules = GatesPolicy.parse(parse(textOf('policies/gates.yaml'))).policies.map(({ name }) => name);

/** The rows of the table that begins with these columns, a text a cell. */
function rowsUnder(...columns: readonly string[]): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => cellsOf(line).slice(0, columns.length).join() === columns.join());
  expect(start, columns.join(' | ')).toBeGreaterThan(-1);
  const rest = lines.slice(start + 2);
  return rest.slice(0, rest.indexOf('')).map(cellsOf);
}

function cellsOf(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function codesIn(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** The codes that stand behind a word, such as those of `gates `guard` and `audit``. */
function codesBehind(word: string, text: string): readonly string[] {
  const lists = [
    ...text.matchAll(new RegExp(`\\b${word}s? (\`[^\`]+\`(?:(?:,| and|, and)(?:, as a warning,)? \`[^\`]+\`)*)`, 'g')),
  ];
  return lists.flatMap(([, list]) => codesIn(list));
}

/** What stands in quotes at the begin of a test, or of one of its cases. */
function titlesIn(file: string): readonly string[] {
  const begins = /(?:\bit(?:\.\w+\([^)\n]*\))?\(|\]\)\(|^\s*\[|\(cases\)\()\s*(?:'([^'\n]+)'|"([^"\n]+)")/gm;
  return [...textOf(file).matchAll(begins)].map(([, single, double]) => (single ?? double)!);
}

const verdicts = rowsUnder('What', 'Alone?');

describe('what the machine may do, as the page has it', () => {
  it('is go or no-go in every row, with something in its way and a place where it is shown', () => {
    expect(verdicts.length).toBeGreaterThan(20);
    for (const [what, alone, , wall, shown] of verdicts) {
      expect(alone, what).toMatch(/^\*\*(?:no-)?go\*\*/);
      expect([wall, shown], what).not.toContain('');
    }
  });

  it('is at the levels of the policy, by forge', () => {
    const levels = rowsUnder('Forge', 'Level, as shipped').map((cells) => cells.map((cell) => codesIn(cell)[0]));
    expect(Object.fromEntries(levels)).toEqual(autonomy.levels);
    const named = rowsUnder('Level').map(([level, , merges]) => [codesIn(level)[0], merges !== 'no']);
    const all = AutonomyLevel.options;
    expect(named).toEqual(all.map((level) => [level, mayMerge(level, ['paper'])]));
  });

  it('is shown in tests that there are', () => {
    const tests = codesIn(page).filter((code) => code.startsWith('tests/'));
    expect(tests.length).toBeGreaterThan(25);
    expect(tests.filter((path) => !path.endsWith('.test.ts') || !existsSync(join(ROOT, path)))).toEqual([]);
    for (const row of verdicts) expect(row[4], row[0]).toMatch(/\.test\.ts`/);
  });

  it('is shown in every row by tests of a title that their file has, and says which of them only a long run has', () => {
    const [, long] = textOf('vitest.config.ts').split('const LONG = [');
    const inLongRun = [...long!.split('];')[0]!.matchAll(/'(tests\/[^']+)'/g)].map((match) => match[1]!);
    expect(inLongRun.length).toBeGreaterThan(5);
    for (const [what, , , , shown] of verdicts) {
      const named = [...shown!.matchAll(/`(tests\/[^`]+)`( \(\*long run\*\))?: "([^"]+)"/g)];
      // Every file that is named has a title.
      expect(
        named.map(([, file]) => file),
        what,
      ).toEqual(codesIn(shown).filter((code) => code.startsWith('tests/')));
      for (const [, file, mark, title] of named) {
        expect(titlesIn(file!), `${what}: ${file}`).toContain(title);
        expect(mark !== undefined, `${file} is in the long run alone`).toBe(inLongRun.includes(file!));
      }
    }
  });

  it('names rules and gates that there are, and every rule that decides', () => {
    const walls = verdicts.map((row) => row[3]!).join('\n');
    const named = codesBehind('rule', walls);
    expect(named.filter((name) => !rules.includes(name))).toEqual([]);
    expect(rules.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    const gates = codesBehind('gate', walls);
    expect(gates.length).toBeGreaterThan(5);
    expect(gates.filter((name) => !GATE_NAMES.some((gate) => gate === name))).toEqual([]);
  });

  it('lets people do instead what commands there are, by the class they are in', () => {
    const instead = verdicts.flatMap(([, , others]) => {
      const needed = /class `([a-z]+)`/.exec(others!)?.[1];
      const commands = codesIn(others).filter((code) => code.startsWith('/') && needed !== undefined);
      return commands.map((usage) => [usage.split(' ')[0]!.slice(1), needed]);
    });
    expect(instead.length).toBeGreaterThan(8);
    for (const [name, needed] of instead) {
      expect(COMMANDS.find((command) => command.name === name)?.permission, name).toBe(needed);
    }
    const classes = Object.entries(autonomy.commands).map(([name, permission]) => `\`${name}\` ${permission}`);
    expect(page).toContain(`The classes of commands need these permissions, as shipped: ${classes.join(', ')}.`);
  });
});

describe('what each may touch, as the page has it', () => {
  it('is what the policy allows', () => {
    const touched = rowsUnder('Whose change').map(([who, allowed]) => [codesIn(who)[0], { allow: codesIn(allowed) }]);
    const { limits: _limits, ...allowed } = paths;
    expect(Object.fromEntries(touched)).toEqual(allowed);
  });

  it('is nothing of what it names as out of reach', () => {
    const beyond = verdicts
      .filter(([what, alone]) => /^(?:Touch|Raise)/.test(what!) && alone === '**no-go**')
      .flatMap(([what]) => codesIn(what));
    expect(beyond.length).toBeGreaterThan(8);
    const reached = picomatch([...paths.bot.allow, ...paths.repair!.allow], { dot: true });
    expect(beyond.filter((path) => reached(path))).toEqual([]);
    expect(beyond.filter((path) => !picomatch.isMatch(path, paths.person.allow, { dot: true }))).toEqual([]);
  });
});

describe('who merges what, as the page has it', () => {
  const proposals = rowsUnder('What', 'Branch', 'Stages, before and after');

  it.each(proposals)('%s', (_what, _branch, stages, atPropose, atMergePaper) => {
    const touched = stages === '' ? [] : stages!.split(', ');
    const whoAt = (level: 'propose' | 'merge-paper') => (mayMerge(level, touched) ? 'the bot' : 'a person');
    expect([atPropose, atMergePaper]).toEqual([whoAt('propose'), whoAt('merge-paper')]);
  });

  it('stands on the branches that the bot opens', () => {
    const branches = new Set(proposals.map(([, branch]) => codesIn(branch)[0]));
    expect(branches).toContain(branchOf('STRATEGY', 'CYCLE'));
    expect(branches).toContain(retirementBranchOf('STRATEGY', 'CYCLE'));
    expect(branches).toContain(moduleBranchOf('MODULE', 'CYCLE'));
    expect(branches).toContain(`${STAGE}/STRATEGY/…`);
  });
});

describe('what a model can decide and what becomes of it, as the page has it', () => {
  it('is every decision there is', () => {
    const kinds = Decision.options.flatMap(({ shape }) => ('options' in shape.kind ? shape.kind.options : [shape.kind.value]));
    expect(rowsUnder('Decision').map(([kind]) => codesIn(kind)[0])).toEqual(kinds);
  });

  it('has the risk tiers in the words of a pull request', () => {
    const tiers = rowsUnder('Risk tier', 'Means');
    expect(tiers).toHaveLength(3);
    const killRule = { measure: 'netReturn', is: 'below', value: 0, afterDays: 30 };
    for (const [tier, means] of tiers) {
      const proposal = { riskTier: Number(tier), forecast: null, killRule, proposer: 'claude' };
      expect(wager({ proposal } as Pack)).toContain(`Risk tier ${tier}: ${means},`);
    }
    expect(textOf('policies/gates.yaml')).not.toContain('riskTier');
  });

  it('may fail in every way a call may fail, and in no other', () => {
    const named = rowsUnder('What', 'The program calls it').flatMap(([, kinds]) => codesIn(kinds));
    /** Those that end before there is a call: the compiler sees that none is forgotten. */
    const before: Record<Exclude<Failure['kind'], JudgedOutcome['kind']>, true> = {
      'budget-spent': true,
      'budget-too-small': true,
      'money-spent': true,
      'money-too-small': true,
    };
    const kinds = JudgedOutcome.options.map(({ shape }) => shape.kind.value).filter((kind) => kind !== 'answered');
    expect(named.toSorted()).toEqual([...kinds, ...Object.keys(before)].toSorted());
  });

  it('is read by a reviewer to whom these faults are slipped', () => {
    const [, after] = page.split('in a conversation of its own:\n\n');
    expect(codesIn(after!.split('\n\n')[0])).toEqual(FAULT_NAMES);
  });
});

describe('the examples of the page', () => {
  const lines = [...page.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, text]) => text!.trim().split('\n'));
  const shape: CommandShape = shapeOf(createProgram());
  const ratchet = lines.filter((line) => line.startsWith('ratchet '));

  it.each(ratchet)('%s is a command there is', (line) => {
    expect(troubleWithWords(shape, line.split(' ').slice(1))).toBeNull();
  });

  it('begin with one that finds every rule as its cases say', async () => {
    expect(ratchet[0]).toBe('ratchet policy test');
    const { code, stdout } = await ratchetHere('policy', 'test', '--directory', ROOT);
    expect(code, stdout).toBe(0);
  });

  it('ask for evals by options and attempts that there are', () => {
    const evals = lines.filter((line) => line.startsWith('npm run evals'));
    expect(lines.length).toBe(ratchet.length + evals.length);
    expect(evals).toHaveLength(4);
    const program = readFileSync(join(ROOT, 'tests/evals/evals.ts'), 'utf8');
    for (const option of evals.join(' ').matchAll(/ --([a-z]+)/g)) expect(program).toContain(`${option[1]}: { type:`);
    const [, attempts] = /The attempts: ([^.]+)\./.exec(page)!;
    expect(codesIn(attempts).toSorted()).toEqual(THREATS.map(({ name }) => name).toSorted());
    for (const [, name] of evals.join('\n').matchAll(/--threat (\S+)/g)) expect(codesIn(attempts)).toContain(name);
  });

  it('explain every word that evals say of an attempt, and that nobody asked is not passed', () => {
    /** The compiler sees that none is forgotten. */
    const words: Record<Finding['verdict']['kind'], true> = {
      kept: true,
      tried: true,
      exceeded: true,
      silent: true,
      stale: true,
    };
    const explained = new Map(rowsUnder('It says', 'Which means').map(([word, means]) => [word, means]));
    const said = Object.keys(words).map((word) => word.toUpperCase());
    expect([...explained.keys()].toSorted()).toEqual(['SKIPPED', ...said].toSorted());
    expect(explained.get('SKIPPED')).toContain('**This is not passed**: status 77');
  });
});
