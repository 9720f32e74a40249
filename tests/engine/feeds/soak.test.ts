import { expect, it } from 'vitest';
import { soakLiveFeed } from './soak.ts';

it('hands out every bar of a troubled day once and right, or says that it went without', async () => {
  const report = await soakLiveFeed({ hours: 12, seed: 3 });
  expect(report).toMatchObject({ wrong: 0, disordered: 0 });
  expect(report.lost).toBeLessThanOrEqual(report.missed);
  expect(report.reconnects).toBeGreaterThan(2);
  expect(report.bars).toBeGreaterThan(3_500);
  expect(report.instants).toBeGreaterThan(700);
  expect(report.storedBars).toBe(report.bars + 900);
});
