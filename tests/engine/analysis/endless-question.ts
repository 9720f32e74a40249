// Asks what has no end, and says so before it does: for a test that kills this process meanwhile.
import { ANALYSIS_LIMITS } from '#engine/analysis/analyse.ts';
import { QueryProcess } from '#engine/analysis/query/query-process.ts';

const process = await QueryProcess.start({ store: null, asOf: 0, candles: [] }, { ...ANALYSIS_LIMITS, timeoutMs: 600_000 });
console.log('asking');
await process.ask({
  sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
  parameters: [],
});
