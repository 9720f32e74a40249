import { expect, it } from 'vitest';
import { soakLiveFeed } from './soak.ts';

it('hands out every bar of hours of trouble once and right, or says that it went without', async () => {
  const report = await soakLiveFeed({ hours: 6, seed: 3 });
  expect(report).toMatchObject({ wrong: 0, disordered: 0 });
  expect(report.lost).toBeLessThanOrEqual(report.missed);
  expect(report.reconnects).toBeGreaterThan(2);
  expect(report.bars).toBeGreaterThan(2_000);
  expect(report.instants).toBeGreaterThan(350);
  expect(report.storedBars).toBe(report.bars + 900);
});
