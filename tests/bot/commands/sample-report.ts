import { initialControl } from '#engine/runtime/control.ts';
import { type EngineReport, parseReport } from '#engine/runtime/report.ts';
import { ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';
import { NOON } from './command-world.ts';

/** What an engine publishes of one strategy that has not traded yet. */
export function sampleReport(): EngineReport {
  return parseReport(
    JSON.stringify({
      schema: 'ratchet/engine-report/1',
      asOf: NOON,
      control: initialControl,
      strategiesOmitted: 0,
      risk: [],
      strategies: [
        {
          id: ID,
          stage: 'paper',
          tree: 'a'.repeat(40),
          commit: 'b'.repeat(40),
          loadedAt: NOON,
          loadedInstant: NOON,
          capital: 1_000,
          equity: 1_000,
          cash: 1_000,
          positions: [],
          positionsOmitted: 0,
          performance: {
            since: null,
            trades: 0,
            wins: 0,
            winRate: null,
            netResult: 0,
            fees: 0,
            expectancy: null,
            profitFactor: null,
            maxDrawdown: 0,
            drawdownNow: 0,
            exposure: null,
          },
          truth: sampleTruth(),
          trades: [],
          decisions: [],
          denials: {},
          dailyEquity: [],
        },
      ],
    }),
  );
}
