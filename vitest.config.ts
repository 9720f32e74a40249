import { configDefaults, defineConfig } from 'vitest/config';

/** Minutes of real git, npm and processes: `npm run test:long` has them, a run of everything in a quarter of an hour has not. */
const LONG = [
  'tests/bot/cli/actions/author.test.ts',
  'tests/bot/cli/backtest.test.ts',
  'tests/bot/cli/install.test.ts',
  'tests/bot/evidence/ledger/ledger-files.test.ts',
  'tests/bot/forge/contract-sweep.test.ts',
  'tests/bot/forge/durability.test.ts',
  'tests/bot/github/misbehaviour.test.ts',
  'tests/bot/orchestrator/asked-night.test.ts',
  'tests/bot/orchestrator/engine-watch.test.ts',
  'tests/bot/orchestrator/grown-night.test.ts',
  'tests/bot/orchestrator/kept-nights.test.ts',
  'tests/bot/orchestrator/life/by-others.test.ts',
  'tests/bot/orchestrator/life/evidence-on.test.ts',
  'tests/bot/orchestrator/life/in-order.test.ts',
  'tests/bot/orchestrator/model-night.test.ts',
  'tests/bot/orchestrator/night-analysis.test.ts',
  'tests/bot/orchestrator/night-work.test.ts',
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

/**
 * Files that have a process to themselves: they measure it, or time what happens in it. All others share one a worker, which loads each
 * module once instead of once a file; `nothing-left.ts` sees to it that none of them leaves anything behind.
 */
const ALONE = [
  'tests/bench/**/*.test.ts',
  'tests/bot/api/**/*.test.ts',
  'tests/engine/feeds/live-feed.test.ts',
  'tests/engine/venues/ccxt/**/*.test.ts',
  'tests/simulate/**/*.test.ts',
];

const left = [...configDefaults.exclude, ...(process.env.RATCHET_LONG === '1' ? [] : LONG)];

export default defineConfig({
  test: {
    // One group after the other: a process is handed on only while the next file in turn is of the same project.
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE, exclude: left, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['tests/**/*.test.ts'],
          exclude: [...left, ...ALONE],
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    globalSetup: ['tests/support/app-keys.ts'],
    // In this order: the second looks at what the first has put into the environment.
    setupFiles: ['tests/support/contract-everywhere.ts', 'tests/support/nothing-left.ts'],
    sequence: { setupFiles: 'list' },
    pool: 'forks',
    // Twice the cores that CI has: most tests wait for processes and sockets rather than compute.
    maxWorkers: 4,
    // The long run has properties that try 200 cases for the short one's six, beside three other workers.
    testTimeout: process.env.RATCHET_LONG === '1' ? 240_000 : 60_000,
    hookTimeout: 120_000,
  },
});
