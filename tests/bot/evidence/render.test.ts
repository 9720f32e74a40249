import markdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import { BODY_LENGTH_MAX, renderPullRequest } from '#bot/evidence/render.ts';
import { report } from '#bot/evidence/report.ts';
import { sampleContext, samplePack } from '#tests/support/sample-pack.ts';

const HOSTILE = '</details><script>alert(1)</script> | `@octocat` Fixes #1 \u202E **x**';

describe('a pull request', () => {
  it('says in its title what changes, where, and by how much', () => {
    expect(renderPullRequest(samplePack(), sampleContext()).title).toBe('Tune ema-cross: fast: 9 → 14 and 2 more (+41.7 points)');
  });

  it('shouts SIMULATED in title and body when the market was made by a program', () => {
    const { title, body } = renderPullRequest(
      samplePack((made) => {
        made.dataset.isSimulated = true;
      }),
      sampleContext(),
    );
    expect(title).toMatch(/^\[SIMULATED\] /);
    expect(body.startsWith('> [!WARNING]\n> **SIMULATED DATA.**')).toBe(true);
  });

  it('has its sections in the order in which a reader needs them', () => {
    const { body } = renderPullRequest(samplePack(), sampleContext());
    const headings = [...body.matchAll(/^### (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([
      'Before and after',
      'What changes',
      'Equity',
      'How sure',
      'If reality is worse than assumed',
      'Does it stand on firm ground?',
      'Fitted to the past, judged on what came after',
      'How many were tried',
      'What it should do now',
      'Lineage',
      'How to reproduce',
    ]);
    expect(body.startsWith('**Tune `ema-cross`')).toBe(true);
  });

  it('is the same bytes from the same pack', () => {
    expect(renderPullRequest(samplePack(), sampleContext())).toEqual(renderPullRequest(samplePack(), sampleContext()));
  });

  it('lets no foreign text act', () => {
    const { title, body } = renderPullRequest(
      samplePack((made) => {
        made.proposal.hypothesis = HOSTILE;
        made.proposal.changes = [HOSTILE];
        made.candidate.parameters = { [HOSTILE]: 1 };
        made.dataset.entries[0]!.symbol = HOSTILE;
        made.dataset.entries[0]!.source.venue = HOSTILE;
      }),
      sampleContext({ commands: [{ name: 'x', usage: HOSTILE, summary: HOSTILE }] }),
    );
    expect(title).not.toMatch(/[<>@#`|]/);
    const page = markdownIt({ html: true }).render(body);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/\u202E/);
    expect(page.match(/<details>/g)).toHaveLength(6);
    expect(page.match(/<\/details>/g)).toHaveLength(6);
    const outsideCode = page.replace(/<code[\s\S]*?<\/code>/g, '');
    expect(outsideCode).not.toMatch(/@octocat|#1\b/);
  });

  it('stays below the limit, dropping the least needed first and saying where it is', () => {
    const { title, body } = renderPullRequest(
      samplePack((made) => {
        made.proposal.changes = Array.from({ length: 40 }, () => '@'.repeat(200));
        made.dataset.entries = Array.from({ length: 400 }, () => made.dataset.entries[0]!);
      }),
      sampleContext(),
    );
    expect(title.length).toBeLessThanOrEqual(120);
    expect(body.length).toBeLessThanOrEqual(BODY_LENGTH_MAX);
    expect(body).toContain('_Lineage: too long for this page, see [evidence/report.md](https://github.com/ratchet/demo/blob/');
    expect(body).toContain('### Before and after');
  });

  it('stays below the limit with a monster of a pack, which the report holds whole', () => {
    const pack = samplePack((made) => {
      const long = '@'.repeat(200);
      made.proposal.changes = Array.from({ length: 40 }, () => long);
      made.proposal.hypothesis = '|'.repeat(500);
      made.dataset.entries = Array.from({ length: 400 }, () => made.dataset.entries[0]!);
      made.candidate.parameters = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${long}${index}`, index]));
      made.costs = Array.from({ length: 300 }, (_, index) => ({ multiplier: index + 1, candidate: -1e30, incumbent: 1e30 }));
      made.neighbourhood = Array.from({ length: 300 }, () => made.neighbourhood[0]!);
      made.regimes = Array.from({ length: 300 }, () => ({ ...made.regimes[0]!, regime: long }));
      made.correlation = Array.from({ length: 300 }, (_, index) => ({
        strategy: `${long}${index}`,
        role: 'beside',
        daily: null,
      }));
      made.capacity.rows = Array.from({ length: 300 }, (_, index) => ({ capital: index + 1, netReturn: 1 }));
      for (const walk of [made.walkForward.anchored, made.walkForward.rolling])
        walk.windows = Array.from({ length: 300 }, () => walk.windows[0]!);
    });
    const { title, body } = renderPullRequest(pack, sampleContext());
    expect(title.length).toBeLessThanOrEqual(120);
    expect(body.length).toBeLessThanOrEqual(BODY_LENGTH_MAX);
    expect(body).toContain('How to reproduce');
    for (const name of ['What changes', 'Lineage', 'Does it stand on firm ground?'])
      expect(body).toContain(`_${name}: too long for this page, see [evidence/report.md](`);
    const whole = report(pack);
    for (const word of ['Costs ×300', 'Capital', 'Every window']) expect(whole).toContain(word);
    expect(whole.length).toBeGreaterThan(BODY_LENGTH_MAX);
  });

  it('folds a long part instead of dropping it while there is room', () => {
    const { body } = renderPullRequest(
      samplePack((made) => {
        made.dataset.entries = Array.from({ length: 60 }, () => made.dataset.entries[0]!);
      }),
      sampleContext(),
    );
    expect(body).toContain('<summary>Lineage</summary>');
  });
});
