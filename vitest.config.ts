import { configDefaults, defineConfig } from 'vitest/config';

/** Minutes of real git, npm and processes: `npm run test:long` has them, a run of everything in a quarter of an hour has not. */
const LONG = [
  'tests/bot/orchestrator/life/by-others.test.ts',
  'tests/bot/orchestrator/life/in-order.test.ts',
  'tests/bot/orchestrator/model-night.test.ts',
  'tests/bot/orchestrator/repair/mend.test.ts',
  'tests/bot/orchestrator/repair/repair-main.test.ts',
  'tests/e2e/kill.test.ts',
  'tests/e2e/loop.test.ts',
  'tests/e2e/model-night.test.ts',
  'tests/e2e/reviewers-day.test.ts',
  'tests/engine/runtime/kill.test.ts',
  'tests/workflows/runs.test.ts',
];

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.RATCHET_LONG === '1' ? [] : LONG)],
    globalSetup: ['tests/support/app-keys.ts'],
    setupFiles: ['tests/support/contract-everywhere.ts'],
    pool: 'forks',
    // Twice the cores that CI has: most tests wait for processes and sockets rather than compute.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
