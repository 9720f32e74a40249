import type { BreakEven } from '#bot/evidence/pack/robustness.ts';
import type { Subject } from '#bot/evidence/subject.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

type Markets = Readonly<Record<string, MarketRules>>;

/** The dearest that is tried, in sixteenths of the assumed costs. */
const SIXTEENTHS_MAX = 16 * 16;

/** The same markets with every cost multiplied. */
export function dearer(markets: Markets, multiplier: number): Record<string, MarketRules> {
  const scaled = Object.entries(markets).map(([symbol, rules]) => [
    symbol,
    {
      ...rules,
      makerFeeRate: rules.makerFeeRate * multiplier,
      takerFeeRate: rules.takerFeeRate * multiplier,
      halfSpreadRate: rules.halfSpreadRate * multiplier,
      slippageRate: rules.slippageRate * multiplier,
    },
  ]);
  return Object.fromEntries(scaled);
}

/**
 * How often the assumed costs can be paid until the net return on the selection data is gone, by bisection over sixteenths up to
 * sixteenfold. A result need not fall evenly with costs; then this is one place where it turns from earning to not earning.
 */
export async function breakEven(subject: Subject, markets: Markets): Promise<BreakEven> {
  const earns = async (sixteenths: number) =>
    (await subject.run({ markets: dearer(markets, sixteenths / 16) })).metrics.netReturn > 0;
  const most = Math.min(SIXTEENTHS_MAX, Math.floor(16 * dearest(markets)));
  if (!(await earns(0))) return { outcome: 'never-earns' };
  if (await earns(most)) return { outcome: 'beyond', multiplier: most / 16 };
  let [earning, losing] = [0, most];
  while (losing - earning > 1) {
    const middle = Math.floor((earning + losing) / 2);
    if (await earns(middle)) earning = middle;
    else losing = middle;
  }
  return { outcome: 'found', multiplier: earning / 16 };
}

/** Costs of half the price and more are no market. */
function dearest(markets: Markets): number {
  const highest = Object.values(markets).reduce(
    (most, rules) => Math.max(most, rules.takerFeeRate + rules.halfSpreadRate + rules.slippageRate),
    0,
  );
  return highest > 0 ? Math.max(1, 0.5 / highest) : Number.MAX_SAFE_INTEGER;
}
