import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ModelSettings, takeModelAccess } from '#bot/proposers/claude/settings.ts';
import { KEY_VARIABLES } from '#bot/proposers/claude/take-credential.ts';
import { textOf } from './documents.ts';

const page = textOf('docs/ops/model.md');
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the page on the model', () => {
  it('explains every setting there is, and no other', () => {
    const settings = rows.map(([, cell]) => cell!.replaceAll('`', '')).filter((name) => !(name in KEY_VARIABLES));
    expect(settings.toSorted()).toEqual(Object.keys(ModelSettings.shape).toSorted());
  });

  it('names the key of each of those who offer models', () => {
    const named = rows.flatMap(([, via, variable]) => {
      const kind = via!.replaceAll('`', '');
      return kind in KEY_VARIABLES ? [[kind, /^`([A-Z_]+)`/.exec(variable!)?.[1]]] : [];
    });
    expect(Object.fromEntries(named)).toEqual(KEY_VARIABLES);
  });

  it('tells the defaults that hold', () => {
    const { maxOutputTokens, dailyTokens, currency, thoughtDays } = takeModelAccess(ModelSettings.parse({ model: 'm' }), {
      ANTHROPIC_API_KEY: 'a-key-of-enough-letters',
    })!;
    const { ask, decide, review, write, correct } = maxOutputTokens;
    expect([decide, write]).toEqual([review, correct]);
    expect(page).toContain(`\`ask\` ${ask}, \`decide\` and \`review\` ${decide}, \`write\` and \`correct\` ${write} |`);
    expect(page).toContain(`read and written together | ${dailyTokens} |`);
    expect(page).toContain(`what money is counted in | ${currency} |`);
    expect(page).toContain(`is kept after it began | ${thoughtDays} |`);
  });

  it.each(examples.map((example, index) => [index + 1, example] as const))(
    'shows examples that hold, as number %i does',
    (_number, example) => {
      const { modelKeyFile, ...settings } = ModelSettings.parse(parse(example));
      expect(modelKeyFile).toMatch(/^keys\//);
      const env = { [KEY_VARIABLES[settings.modelVia]]: 'a-key-of-enough-letters' };
      expect(takeModelAccess(settings, env)).toMatchObject({ model: settings.model, via: { kind: settings.modelVia } });
    },
  );

  it('shows one of each', () => {
    expect(examples).toHaveLength(3);
  });
});
