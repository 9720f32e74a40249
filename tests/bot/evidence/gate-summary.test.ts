import { describe, expect, it } from 'vitest';
import { GateResult } from '#bot/evidence/gate-result.ts';
import { renderGateSummary } from '#bot/evidence/gate-summary.ts';

const passed: GateResult = {
  gate: 'sandbox',
  conclusion: 'success',
  title: 'Bundle refused nothing',
  summary: 'The bundle uses one import. It is 4 kB.',
  annotations: [],
};

const failed: GateResult = {
  gate: 'guard',
  conclusion: 'failure',
  title: 'A file lies | outside',
  summary: 'policies/gates.yaml may not be changed by the bot. Take it out.',
  annotations: [{ path: 'policies/gates.yaml', startLine: 1, endLine: 1, level: 'failure', message: 'outside strategies/' }],
};

describe('the summary of the gates', () => {
  it('has a row and one sentence for each', () => {
    const summary = renderGateSummary([passed]);
    expect(summary).toContain('✅ **1 gate passed**, none failed.');
    expect(summary).toContain('| `sandbox` | ✅ success | Bundle refused nothing<br><sub>The bundle uses one import.</sub> |');
  });

  it('names what failed first', () => {
    const summary = renderGateSummary([passed, failed]);
    expect(summary.split('\n')[0]).toBe('❌ **1 of 2 gates failed**: `guard`. Nothing may be merged on this head and base.');
    expect(summary).toContain('A file lies &#124; outside');
    expect(summary).toContain('1 annotation on the changed files.');
  });

  it('does not say the same twice', () => {
    const summary = renderGateSummary([
      { ...failed, title: 'There is no ledger.', summary: 'There is no ledger.', annotations: [] },
    ]);
    expect(summary).toContain('| There is no ledger. |');
  });

  it('does not call nothing a success', () => {
    expect(renderGateSummary([])).toContain('❌ **No gate ran**');
  });
});

describe('a gate result', () => {
  it('is read strictly', () => {
    expect(GateResult.safeParse(passed).success).toBe(true);
    expect(GateResult.safeParse({ ...passed, conclusion: 'skipped' }).success).toBe(false);
    expect(GateResult.safeParse({ ...passed, more: 1 }).success).toBe(false);
    expect(
      GateResult.safeParse({ ...failed, annotations: [{ ...failed.annotations[0], startLine: 3, endLine: 2 }] }).success,
    ).toBe(false);
  });
});
