import { standingOf } from '#engine/risk/risk-ledger.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import { KeptRisk } from '#engine/trading/risk-keeper.ts';
import type { RiskUse } from './report.ts';

/** What all strategies of a venue account may lose together, and what is lost, to within a thousandth; nothing for one that was never valued. */
export function accountLimits(reader: EngineReader, policy: RiskPolicy | null): RiskUse[] {
  // What holds for the whole account is the same in every stage.
  const limits = tradingLimits(policy ?? { stages: {} }, 'live', true);
  return [...reader.venueRisks()].flatMap(([account, state]) => {
    const { ledger } = KeptRisk.parse(JSON.parse(state)).risk;
    if (ledger.equity === null) return [];
    const { drawdown, dailyLoss } = standingOf(ledger, { strategy: '', symbol: '', now: ledger.equity.time }, limits);
    const whole = { strategy: null } as const;
    return [
      {
        ...whole,
        code: 'account-drawdown',
        title: `Fall of ${account} from its highest equity`,
        limit: limits.maxDrawdown,
        used: drawdown,
        unit: 'share of the highest equity',
      },
      {
        ...whole,
        code: 'account-daily-loss',
        title: `Loss of the day of ${account}`,
        limit: limits.dailyLoss,
        used: dailyLoss,
        unit: "share of the day's opening equity",
      },
    ];
  });
}
