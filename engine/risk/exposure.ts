import type { ExposureFacts } from './order-facts.ts';
import type { TradingLimits } from './trading-limits.ts';

type Shares = Pick<TradingLimits, 'maxCapital' | 'maxOrder' | 'maxSymbol' | 'maxStrategy' | 'maxGross'>;

/** What shares are taken of: the equity, never more than may be at stake. Quote asset; NaN where the equity is not known. */
export function capitalOf({ equity }: Pick<ExposureFacts, 'equity'>, { maxCapital }: Pick<Shares, 'maxCapital'>): number {
  const known = Number.isFinite(equity) ? Math.max(0, equity) : Number.NaN;
  return maxCapital === null ? known : Math.min(known, maxCapital);
}

/** What a purchase may be worth at most, so that no limit of size refuses it. Quote asset; never below zero. */
export function entryRoom(exposure: ExposureFacts, limits: Shares): number {
  const capital = capitalOf(exposure, limits);
  const room = Math.min(
    capital * limits.maxOrder,
    capital * limits.maxSymbol - exposure.symbol,
    capital * limits.maxStrategy - exposure.strategy,
    capital * limits.maxGross - exposure.gross,
  );
  return Number.isNaN(room) ? 0 : Math.max(0, room);
}
