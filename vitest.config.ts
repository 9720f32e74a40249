import { configDefaults, defineConfig } from 'vitest/config';

/** Minutes of real git, npm and processes: `npm run test:long` has them, a run of everything in a quarter of an hour has not. */
const LONG = [
  'tests/bot/cli/backtest.test.ts',
  'tests/bot/cli/install.test.ts',
  'tests/bot/evidence/ledger/ledger-files.test.ts',
  'tests/bot/orchestrator/asked-night.test.ts',
  'tests/bot/orchestrator/engine-watch.test.ts',
  'tests/bot/orchestrator/grown-night.test.ts',
  'tests/bot/orchestrator/life/by-others.test.ts',
  'tests/bot/orchestrator/life/in-order.test.ts',
  'tests/bot/orchestrator/model-night.test.ts',
  'tests/bot/orchestrator/repair/mend.test.ts',
  'tests/bot/orchestrator/repair/repair-main.test.ts',
  'tests/bot/proposers/evolution/real-backtests.test.ts',
  'tests/e2e/bad-input.test.ts',
  'tests/e2e/kill.test.ts',
  'tests/e2e/killed-night.test.ts',
  'tests/e2e/loop.test.ts',
  'tests/e2e/model-night.test.ts',
  'tests/e2e/reviewers-day.test.ts',
  'tests/engine/backtest/paper-parity.test.ts',
  'tests/engine/backtest/verify/verify-strategy.test.ts',
  'tests/engine/runtime/control.test.ts',
  'tests/engine/runtime/kill.test.ts',
  'tests/workflows/runs.test.ts',
];

/** Rooms of arithmetic: their tests change nothing outside themselves, and load each module once a worker instead of once a file. */
const ARITHMETIC = [
  'tests/bot/evidence/**/*.test.ts',
  'tests/bot/gates/policy/**/*.test.ts',
  'tests/bot/memory/**/*.test.ts',
  'tests/bot/proposers/evolution/**/*.test.ts',
  'tests/bot/reports/**/*.test.ts',
  'tests/bot/runs/**/*.test.ts',
  'tests/calibration/**/*.test.ts',
  'tests/docs/**/*.test.ts',
  'tests/engine/{attestation,backtest,candles,contract,indicators,risk,simulation,statistics,store,trading}/**/*.test.ts',
];

const left = [...configDefaults.exclude, ...(process.env.RATCHET_LONG === '1' ? [] : LONG)];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'arithmetic', include: ARITHMETIC, exclude: left, isolate: false } },
      { extends: true, test: { name: 'machinery', include: ['tests/**/*.test.ts'], exclude: [...left, ...ARITHMETIC] } },
    ],
    globalSetup: ['tests/support/app-keys.ts'],
    setupFiles: ['tests/support/contract-everywhere.ts'],
    pool: 'forks',
    // Twice the cores that CI has: most tests wait for processes and sockets rather than compute.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
