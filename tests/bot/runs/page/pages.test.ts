import { describe, expect, it } from 'vitest';
import { compareRuns } from '#bot/runs/compare-runs.ts';
import { comparisonPage } from '#bot/runs/page/comparison-page.ts';
import { runPage } from '#bot/runs/page/run-page.ts';
import { runsOfPack } from '#bot/runs/runs-of.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const pack = samplePack();
const [development, selection, , oldSelection] = runsOfPack(pack, 'f'.repeat(40));
const HOSTILE = `</table><script>alert(1)</script>" onload="x\u202e`;

describe('the page of a run', () => {
  it('needs nothing from elsewhere, and forbids itself to ask', async () => {
    const shown = await runPage(selection!, pack);
    expect(shown).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(shown).not.toMatch(/<(?:script|link|img|iframe|object|embed|base|form)\b|@import|url\(|\bon\w+=/i);
    expect(shown.match(/https?:\/\/[^"]*/g)?.every((url) => url.startsWith('http://www.w3.org/'))).toBe(true);
  });

  it('says each table and number to who cannot see it', async () => {
    const shown = await runPage(selection!, pack);
    const captions = [...shown.matchAll(/<caption>([^<]*)/g)].map((match) => match[1]);
    expect(captions).toEqual(['Metrics', 'What was run', 'Parameters', 'Files']);
    expect(shown).toContain('<th scope="row">netReturn</th>');
    expect(shown.match(/<th\b/g)).toHaveLength(shown.match(/<th scope="(?:row|col)"/g)!.length);
    expect(shown).toMatch(/<svg[^>]*role="img"><title>/);
    expect(shown).toContain('<html lang="en">');
  });

  it('lets no word of a proposer act: not in a label, a reason, a parameter or a path', async () => {
    const run = {
      ...selection!,
      label: HOSTILE,
      reason: HOSTILE,
      parameters: { [HOSTILE]: HOSTILE },
      files: { [HOSTILE]: HOSTILE },
    };
    for (const shown of [await runPage(run, null), await comparisonPage([selection!, run], compareRuns(selection!, run), [])]) {
      expect(shown).not.toContain('<script');
      expect(shown).not.toMatch(/<[^>]*onload/);
      expect(shown).not.toContain('\u202e');
      expect(shown).toContain('&lt;/table&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x[U+202E]');
    }
  });

  it('of a trial says the little the ledger keeps, and draws nothing', async () => {
    const trial = { ...selection!, setting: null, parameters: null, files: null, search: null, metrics: { netReturn: null } };
    const shown = await runPage(trial, null);
    expect([...shown.matchAll(/<caption>([^<]*)/g)].map((match) => match[1])).toEqual(['Metrics', 'What was run']);
    expect(shown).not.toContain('Dataset');
    expect(shown).not.toContain('<svg');
  });
});

describe('the page of two runs', () => {
  it('begins with what keeps them apart, and has no such part where nothing does', async () => {
    const apart = await comparisonPage([development!, selection!], compareRuns(development!, selection!), []);
    expect(apart.indexOf('They differ in their begin')).toBeLessThan(apart.indexOf('<table>'));
    const alike = await comparisonPage([oldSelection!, selection!], compareRuns(oldSelection!, selection!), []);
    expect(alike).not.toContain('<section');
  });

  it('shows the difference of each metric and both values of each parameter that is not the same', async () => {
    const shown = await comparisonPage([oldSelection!, selection!], compareRuns(oldSelection!, selection!), [pack]);
    const row = (...cells: readonly string[]) => new RegExp(cells.join('</t[hd]><td[^>]*>'));
    expect(shown).toMatch(row('<th scope="row">trades', '604', '187', '−417<'));
    expect(shown).toMatch(row('<th scope="row">netReturn', '−24\\.6025%', '17\\.0761%', '41\\.6787 points<'));
    expect(shown).toMatch(row('<th scope="row">sharpe', '−0\\.5500', '0\\.7400', '1\\.2900<'));
    expect(shown).toContain('<tr><th scope="row">fast</th><td>9</td><td>14</td></tr>');
    expect(shown).toContain('Files that differ: not known.');
  });
});
