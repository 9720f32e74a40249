import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/contract-everywhere.ts'],
    pool: 'forks',
    // One more than CI has cores: most tests wait for processes and sockets rather than compute.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
