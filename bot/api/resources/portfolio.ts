import { z } from 'zod';
import { NoQuery, resource } from '#bot/api/resource.ts';
import { StrategyReport } from '#engine/runtime/report.ts';

const { id, stage, capital, equity, cash } = StrategyReport.shape;

export const portfolio = resource({
  name: 'portfolio',
  summary: 'What all accounts together are worth, and each: cash, holdings, and what they began with. Quote asset.',
  query: NoQuery,
  data: z.strictObject({
    equity: z.number().describe('of the loaded strategies, shadows left out'),
    cash: z.number(),
    invested: z.number().describe('at the last closes'),
    capital: z.number().describe('what the accounts began with'),
    strategies: z.array(
      z.strictObject({ id, stage, capital, equity, cash, invested: z.number(), positions: z.int().describe('symbols held') }),
    ),
  }),
  read: ({ report }) => {
    const strategies = report().strategies.map((one) => ({
      id: one.id,
      stage: one.stage,
      capital: one.capital,
      equity: one.equity,
      cash: one.cash,
      invested: one.equity - one.cash,
      positions: one.positions.length + one.positionsOmitted,
    }));
    const sum = (figure: 'equity' | 'cash' | 'invested' | 'capital') =>
      strategies.reduce((total, one) => (one.stage === 'shadow' ? total : total + one[figure]), 0);
    return { data: { equity: sum('equity'), cash: sum('cash'), invested: sum('invested'), capital: sum('capital'), strategies } };
  },
});
