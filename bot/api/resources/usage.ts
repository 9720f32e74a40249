import { z } from 'zod';
import { resource, Whole } from '#bot/api/resource.ts';
import { Spending, spending } from '#bot/proposers/claude/spending.ts';

const DAY_MS = 86_400_000;
const DAYS_STANDARD = 30;

export const usage = resource({
  name: 'usage',
  summary: 'What calls to models came to in the last days, by purpose and model. Days are UTC and of the clock on the wall.',
  query: z.strictObject({
    days: Whole.pipe(z.int().min(1).max(400)).optional().describe(`today included; ${DAYS_STANDARD} if left out`),
  }),
  data: z.strictObject({
    from: z.iso.date(),
    to: z.iso.date(),
    models: z.array(Spending).describe('money in millionths of a unit of the currency'),
  }),
  read: ({ now, options }, { days = DAYS_STANDARD }) => {
    const day = (at: number) => new Date(at).toISOString().slice(0, 10);
    const [from, to] = [day(now - (days - 1) * DAY_MS), day(now)];
    return { data: { from, to, models: [...spending(options.botDir, from, to)] } };
  },
});
