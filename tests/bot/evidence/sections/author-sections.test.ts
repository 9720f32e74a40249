import { describe, expect, it } from 'vitest';
import type { Pack } from '#bot/evidence/pack.ts';
import { knowledge } from '#bot/evidence/sections/knowledge.ts';
import { wager } from '#bot/evidence/sections/wager.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const DAY_MS = 86_400_000;

function claimed(change: Partial<Pack['proposal']>): Pack {
  return samplePack((made) => {
    made.proposal = { ...made.proposal, ...change };
  });
}

describe('what an author staked on a change', () => {
  it('is said in sentences with units, forecast and refutation apart', () => {
    const shown = wager(
      claimed({
        proposer: 'claude',
        riskTier: 2,
        forecast: { measure: 'netReturn', is: 'above', value: 0.02, afterDays: 30, probability: 0.6 },
        killRule: { measure: 'maxDrawdown', is: 'above', value: 0.15, afterDays: 1 },
      }),
    );
    expect(shown).toContain('Risk tier 2: a rule moves');
    expect(shown).toContain('**Forecast:** after 30 days its net return is above +2.00%, with a probability of 60%.');
    expect(shown).toContain('**The hypothesis was wrong** when after 1 day its worst drawdown is above 15.0%.');
  });

  it('is left out where nobody staked anything', () => {
    expect(wager(samplePack())).toBe('');
  });
});

describe('what an author may have known', () => {
  it('cuts the selection data at the day, and each part starts where the other ended', () => {
    const whole = samplePack();
    const { from } = whole.spans.selection;
    const pack = claimed({ proposer: 'claude', knownUntil: from + 100 * DAY_MS });
    pack.capital = 100;
    pack.equity = {
      time: [from + 50 * DAY_MS, from + 100 * DAY_MS, from + 200 * DAY_MS],
      candidate: [120, 110, 88],
      incumbent: [100, 50, 75],
      buyAndHold: [100, 100, 100],
    };
    // A day is named by its date, and known to its end.
    expect(knowledge(pack)).toContain(`| until ${new Date(from + 99 * DAY_MS).toISOString().slice(0, 10)} |`);
    const rows = knowledge(pack).split('\n').slice(-3);
    expect(rows[0]).toContain('+10.0%');
    expect(rows[0]).toContain('−20.0%');
    expect(rows[1]).toContain('−50.0%');
    expect(rows[1]).toContain('+50.0%');
  });

  it('says so where all of it came later, and where all of it may be remembered', () => {
    const { from, to } = samplePack().spans.selection;
    expect(knowledge(claimed({ knownUntil: from }))).toContain('none of them can have been remembered');
    expect(knowledge(claimed({ knownUntil: to }))).toContain('any of these results may have been remembered');
    expect(knowledge(samplePack())).toBe('');
  });
});
