import { describe, expect, it } from 'vitest';
import { changes } from '#bot/evidence/sections/changes.ts';
import { commands } from '#bot/evidence/sections/commands.ts';
import { comparison } from '#bot/evidence/sections/comparison.ts';
import { costs } from '#bot/evidence/sections/costs.ts';
import { equity } from '#bot/evidence/sections/equity.ts';
import { footer } from '#bot/evidence/sections/footer.ts';
import { lineage } from '#bot/evidence/sections/lineage.ts';
import { reproduce } from '#bot/evidence/sections/reproduce.ts';
import { trials } from '#bot/evidence/sections/trials.ts';
import { verdict } from '#bot/evidence/sections/verdict.ts';
import { sampleContext, samplePack } from '#tests/support/sample-pack.ts';

describe('verdict', () => {
  it('says in one sentence what changes, why, and how sure it is', () => {
    expect(verdict(samplePack(), sampleContext()).split('\n')[0]).toBe(
      '**Tune `ema-cross` (fast: 9 → 14 and 2 more): on data the search did not see it made +17.1% after costs, the running version −24.6% (+41.7 points), with a worst drop of 7.33% against 27.0%. The evidence is fair: 8 of 10 checks hold.**',
    );
  });

  it('advises against a candidate that is not better', () => {
    const worse = samplePack((made) => {
      made.candidate.selection.metrics.netReturn = -0.5;
    });
    expect(verdict(worse, sampleContext())).toContain('There is no reason here to merge it');
    expect(verdict(worse, sampleContext())).toContain('- ❌ does not earn more than the running version');
  });

  it('says why, and how sure in words that need no statistics', () => {
    const shown = verdict(samplePack(), sampleContext());
    expect(shown).toContain('**Why?** Slower averages trade less often, so fees eat less of the same trend.');
    expect(shown).toContain(
      'In more than 99% of 2,000 histories drawn again from the same days it is ahead of the running version',
    );
    expect(shown).toContain('the chance that its own result is better than such luck is 32%');
  });

  it('does not pretend to know what it does not', () => {
    const silent = samplePack((made) => {
      made.comparison.incumbent.netReturn = null;
      made.statistics.deflatedSharpe = null;
      made.search.trialsEver = 1;
    });
    expect(verdict(silent, sampleContext())).toContain(
      'There is too little to say whether the lead is chance. 1 configuration was tried, and how much of its result is their luck cannot be told.',
    );
  });

  it('says what is at stake', () => {
    expect(verdict(samplePack(), sampleContext())).toContain('**At stake:** no money.');
    expect(verdict(samplePack(), sampleContext({ stage: 'live' }))).toContain('**real money** (live)');
  });
});

describe('comparison', () => {
  it('shows candidate, incumbent, the change, and buy and hold, the better in bold', () => {
    expect(comparison(samplePack())).toContain('| Net return | **+17.1%** | −24.6% | +41.7 points | +39.1% |');
    expect(comparison(samplePack())).toContain('| Worst drop from a peak | **−7.33%** | −27.0% | +19.7 points | −22.2% |');
  });

  it('marks the incumbent where it is better, and neither when equal', () => {
    const pack = samplePack((made) => {
      made.candidate.selection.metrics.sharpe = -1;
      made.candidate.selection.metrics.netReturn = made.incumbent.selection.metrics.netReturn;
    });
    expect(comparison(pack)).toContain('| Sharpe ratio | −1.00 | **−0.55** | −0.45 | – |');
    expect(comparison(pack)).toContain('| Net return | −24.6% | −24.6% | 0.00 points |');
  });

  it('shows a dash where a number has no meaning and leaves out what neither has', () => {
    const pack = samplePack((made) => {
      made.candidate.selection.metrics.sharpe = null;
      for (const version of [made.candidate, made.incumbent]) version.selection.metrics.sortino = null;
    });
    const [selection] = comparison(pack).split('<details>');
    expect(selection).toContain('| Sharpe ratio | – | −0.55 | – | – |');
    expect(selection).not.toContain('Sortino');
  });

  it('folds the development data, which flatters, below', () => {
    expect(comparison(samplePack())).toMatch(/<details>\n<summary>On the development data, 2023-01-02 to 2024-12-31/);
  });
});

describe('what changes', () => {
  it('lists each change and says who had the idea', () => {
    expect(changes(samplePack())).toContain('- stopLoss: 2 % → 3.5 %');
    expect(changes(samplePack())).toContain('was written by `evolution` before the selection data was asked');
  });
});

describe('equity', () => {
  it('has a legend in words, the chart and a link to the file', () => {
    const section = equity(samplePack(), sampleContext());
    expect(section).toContain('🔵 candidate +17.1% · 🟠 incumbent −24.6% · ⚪ buy and hold +39.1%');
    expect(section).toContain('```mermaid\n');
    expect(section).toContain(
      '(https://github.com/ratchet/demo/blob/9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d/strategies/ema-cross/evidence/equity.svg)',
    );
  });
});

describe('costs', () => {
  it('shows each multiplier in order, then the late orders, and who is ahead', () => {
    const pack = samplePack((made) => {
      made.costs.reverse();
      made.delayedOneBar.candidate = -0.5;
    });
    const labels = [...costs(pack).matchAll(/^\| (Costs[^|]*|Every[^|]*) \|.*\| (.) \|$/gm)].map((match) => [match[1], match[2]]);
    expect(labels).toEqual([
      ['Costs as assumed', '✅'],
      ['Costs ×2', '✅'],
      ['Costs ×3', '✅'],
      ['Every order one bar late', '❌'],
    ]);
  });
});

describe('trials', () => {
  it('says what many tries do to trust', () => {
    expect(trials(samplePack())).toContain('**96 configurations**; all nights together **1,284**');
    expect(trials(samplePack())).toContain('only once in 1,284 times');
    const one = samplePack((made) => {
      made.search = { ...made.search, trials: 1, trialsEver: 1 };
    });
    expect(trials(one)).toContain('**1 configuration**');
    expect(trials(one)).not.toContain('1 times');
  });

  it('says when the lead did not carry over', () => {
    const pack = samplePack((made) => {
      made.candidate.selection.metrics.netReturn = -0.5;
    });
    expect(trials(pack)).toContain('did not carry over');
  });
});

describe('lineage', () => {
  it('names parent, dataset, spans and markets', () => {
    const section = lineage(samplePack(), sampleContext());
    expect(section).toContain('tree `4b825dc642cb` of `strategies/ema-cross` on `main` at `1f0c9a7be2d3`');
    expect(section).toContain('| Selection data | 2025-01-01 to 2026-02-14 |');
    expect(section).toContain('| BTC/USDT 1h | kraken BTC/USD 1h |');
    expect(section).not.toContain('SIMULATED');
    expect(
      lineage(
        samplePack((made) => {
          made.dataset.isSimulated = true;
        }),
        sampleContext(),
      ),
    ).toContain('**SIMULATED**');
  });

  it('shows a parameter exactly, also one that only one version has', () => {
    const pack = samplePack((made) => {
      made.candidate.parameters = { trail: 0.012345678901 };
    });
    expect(lineage(pack, sampleContext())).toContain('| `trail` | 0.012345678901 | – |');
  });
});

describe('how to reproduce', () => {
  it('gives the gate between the two commits', () => {
    expect(reproduce(samplePack(), sampleContext())).toContain(
      'npx ratchet gate backtest --base 1f0c9a7be2d34c5a8e6f7d8091a2b3c4d5e6f708 --head 9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d',
    );
  });
});

describe('commands', () => {
  it('shows the ones that exist and nothing when there are none', () => {
    expect(commands(samplePack(), sampleContext())).toContain(
      '| `/merge SHA` | merge this pull request at exactly this commit |',
    );
    expect(commands(samplePack(), sampleContext({ commands: [] }))).toBe('');
  });
});

describe('footer', () => {
  it('points at the pack, which is what counts', () => {
    expect(footer(samplePack(), sampleContext())).toContain('/strategies/ema-cross/evidence/pack.json)');
  });
});
