import { describe, expect, it } from 'vitest';
import { checksOf } from '#bot/cli/actions/checks.ts';
import { resultsOfNeeds } from '#bot/cli/gate/gate-needs.ts';
import { renderStepSummary, SUMMARY_BYTES_MAX } from '#bot/cli/gate/step-summary.ts';
import { silenced, workflowCommand } from '#bot/cli/gate/workflow-commands.ts';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { FINAL_GATE, failure, GATE_NAMES, success } from '#bot/gates/outcome.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

describe('an annotation for GitHub Actions', () => {
  const at = {
    path: 'strategies/a/strategy.ts',
    startLine: 3,
    endLine: 4,
    level: 'failure',
    message: 'It looks ahead.',
  } as const;

  it('names file, lines and gate', () => {
    expect(workflowCommand('sandbox', at)).toBe(
      '::error file=strategies/a/strategy.ts,line=3,endLine=4,title=sandbox::It looks ahead.',
    );
    expect(workflowCommand('policy', { ...at, level: 'notice' })).toMatch(/^::notice /);
  });

  it('can neither begin a command of its own nor change where it points', () => {
    const message = 'bad\n::set-env name=PATH::/tmp\r\n::error::x 100%';
    const path = 'a,line=1::stop-commands::x\n::error file=b';
    const line = workflowCommand('guard', { ...at, path, message });
    expect(line.split('\n')).toHaveLength(1);
    expect(line).toContain('file=a%2Cline=1%3A%3Astop-commands%3A%3Ax%0A%3A%3Aerror file=b,line=3');
    expect(line.endsWith('::bad%0A::set-env name=PATH::/tmp%0D%0A::error::x 100%25')).toBe(true);
  });

  it('comes after a silence that only its own word ends', () => {
    expect(silenced('word')).toEqual({ begin: '::stop-commands::word', end: '::word::' });
  });
});

describe("a step's summary", () => {
  const passed: GateResult = { ...success('backtest', 'Made again', 'Byte for byte.'), isMadeAgain: true };

  it('has the sections of the pull request for evidence that was made again, and for no other', () => {
    const pack = samplePack();
    expect(renderStepSummary([passed], [pack])).toContain('How sure');
    expect(renderStepSummary([failure('backtest', 'Differs', 'It differs.')], [pack])).not.toContain('How sure');
  });

  it('stays below what GitHub takes, and says what is missing', () => {
    const long = failure('guard', 'Much', 'x'.repeat(SUMMARY_BYTES_MAX));
    const text = renderStepSummary([long, passed], []);
    expect(Buffer.byteLength(text)).toBeLessThan(SUMMARY_BYTES_MAX + 200);
    expect(text).toContain('The rest is too long');
  });
});

describe('what became of other jobs', () => {
  it('counts as success only when it is success', () => {
    const needs = {
      guard: { result: 'success' },
      backtest: { result: 'success', outputs: {} },
      audit: { result: 'skipped' },
      docs: { result: 'cancelled' },
    };
    const results = resultsOfNeeds(JSON.stringify(needs));
    expect(Object.fromEntries(results.map(({ gate, conclusion }) => [gate, conclusion]))).toEqual({
      guard: 'success',
      backtest: 'success',
      audit: 'failure',
      docs: 'failure',
    });
    expect(results.find(({ gate }) => gate === 'backtest')).toMatchObject({ isMadeAgain: true });
  });

  it.each(['', '[]', '{"guard":{}}', '{"taste":{"result":"success"}}', '{"gate":{"result":"success"}}'])(
    'is refused as %j',
    (text) => {
      expect(() => resultsOfNeeds(text)).toThrow(/--needs cannot be used/);
    },
  );
});

describe("the App's checks", () => {
  it('are failures where the gates left nothing, all of them and the final one', () => {
    const shown = checksOf(null);
    expect(shown.map(({ gate }) => gate)).toEqual([...GATE_NAMES, FINAL_GATE]);
    expect(new Set(shown.map(({ conclusion }) => conclusion))).toEqual(new Set(['failure']));
    const report = { base: 'b', head: 'h', results: [success('guard', 'Fine', 'Fine.')], signed: [] };
    expect(
      checksOf(report)
        .filter(({ conclusion }) => conclusion === 'success')
        .map(({ gate }) => gate),
    ).toEqual(['guard']);
  });
});
