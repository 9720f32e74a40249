import { describe, expect, it } from 'vitest';
import { LAYERS, layer, systemFor, TASKS } from '#bot/proposers/claude/layers.ts';
import { DIGESTS } from './prompt-digests.ts';

/** Numbers that say what a form means, and none that a strategy or a decision could be measured by. */
const MEANINGS = ['1 when a number moves, 2 when a rule moves, 3 beyond that', 'one part in a\nhundred is 0.01'];
const NUMBER =
  /\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty|hundred|thousand|percent|per cent|dozen|half|twice|double)\b/i;
/** What would tell a model where to look or what to want of a strategy. */
const DIRECTION =
  /\b(?:prefer|favou?r|avoid|aim (?:for|at)|try to|focus on|maximi[sz]e|minimi[sz]e|optimi[sz]e|increase|decrease|reduce|tighten|loosen|widen|shorten|lengthen|raise|lower|more trades|fewer trades|trade (?:more|less)|conservative|aggressive|cautious|bullish|bearish|be careful|go long|go short|buy|sell|you should|it is better|usually|ideally|best practice)\b/i;

const texts = [...LAYERS, ...TASKS].map((name) => {
  const [version, ...lines] = layer(name).text.split('\n');
  return { name, version: version!, text: lines.join('\n') };
});

describe('the prompts', () => {
  it.each(texts)('$name.md has no threshold: numbers come from configuration and the store', ({ text }) => {
    const rest = MEANINGS.reduce((left, meaning) => left.replace(meaning, ''), text);
    // "Time is cut in three" counts what the sentences after it name.
    expect(NUMBER.exec(rest.replace('Time is cut in three.', ''))?.[0] ?? null).toBeNull();
  });

  it.each(texts)('$name.md says what is, and not which way to go', ({ text }) => {
    expect(DIRECTION.exec(text)?.[0] ?? null).toBeNull();
  });

  it.each(texts)('$name.md says its version in what is sent, so that every record of an exchange has it', ({ name, version }) => {
    expect(version).toMatch(/^<!-- [a-z]+, version \d+ -->$/);
    if (name === 'decide' || name === 'write' || name === 'module') {
      const sent = systemFor(name).map((block) => block.text);
      for (const part of [...LAYERS, name]) expect(sent.join('\n')).toContain(layer(part).text);
    }
  });

  it.each(texts)('$name.md has the digest of its version: another text has another number', ({ name }) => {
    const { version, digest } = layer(name);
    const digests: readonly string[] = DIGESTS[name];
    expect(digests[version - 1], `version ${version} of ${name}.md`).toBe(digest);
    expect(digests, `after version ${version} of ${name}.md`).toHaveLength(version);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('are the same from task to task up to where the API keeps them', () => {
    const kept = (['decide', 'write', 'module'] as const).map((task) => {
      const blocks = systemFor(task);
      return blocks.slice(0, blocks.findIndex(({ cache }) => cache === true) + 1);
    });
    expect(kept[0]!.length).toBeGreaterThan(1);
    expect(kept[1]).toEqual(kept[0]);
    expect(kept[2]).toEqual(kept[0]);
  });
});
