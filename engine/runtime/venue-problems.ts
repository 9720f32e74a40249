import type { TraderHealth } from '#engine/trading/trader-health.ts';
import type { NakedPositions } from './naked-positions.ts';
import type { TradedVenue } from './real-money.ts';
import type { EngineProblem } from './status.ts';

/** Of what has no stop only that which has lasted, with since when. */
interface KnownHealth extends Omit<TraderHealth, 'unprotected'> {
  readonly unprotected: ReturnType<NakedPositions['lasting']>;
}

/** Most orders have their answer within a second, and are asked for meanwhile. Milliseconds. */
const unknownMsMax = 60_000;
/** The account is compared every three minutes; so long without a comparison that came to its end is told. Milliseconds. */
const uncomparedMsMax = 15 * 60_000;

/**
 * What a person should know of the account at a venue; nothing of one that is well.
 * @param now by the clock that the engine goes by, UTC milliseconds
 */
export function venueProblems(health: KnownHealth, { name, account }: TradedVenue, now: number): EngineProblem[] {
  const degraded = (code: string, reason: string): EngineProblem => ({ status: 'Degraded', code, reason });
  const problems: EngineProblem[] = [];
  if (health.isBroken)
    problems.push(degraded('journal', 'the order journal could not be written, so nothing more is sent until a restart'));
  if (!health.isReady || health.failure !== null) {
    const why = health.failure ?? 'it has not been looked at yet';
    problems.push({ status: 'OutOfSync', code: 'venue', reason: `${name} account ${account}: ${why}` });
  } else if (health.reconciledAt !== null && now - health.reconciledAt > uncomparedMsMax) {
    const since = new Date(health.reconciledAt).toISOString();
    const reason = `${name} account ${account}: it could not be compared with the journal since ${since}`;
    problems.push({ status: 'OutOfSync', code: 'venue', reason });
  }
  for (const { symbol, code, message } of health.frozen)
    problems.push(degraded('frozen', `${symbol} is frozen (${code}): ${message}`));
  for (const { clientOrderId, role, symbol, sentAt } of health.unknown) {
    if (now - sentAt <= unknownMsMax) continue;
    const since = new Date(sentAt).toISOString();
    problems.push(
      degraded('unknown-order', `it is not known what became of the ${role} ${clientOrderId} of ${symbol}, sent ${since}`),
    );
  }
  for (const { strategy, symbol, quantity, since } of health.unprotected) {
    const reason = `${quantity} ${symbol} of ${strategy} has no stop at the venue since ${new Date(since).toISOString()}`;
    problems.push(degraded('unprotected', reason));
  }
  for (const { strategy, symbol, quantity, price } of health.unpriced) {
    const last = price === null ? 'none is known' : `it counts with the last known, ${price}`;
    problems.push(degraded('unpriced', `${name} has no price of the ${quantity} ${symbol} of ${strategy} now: ${last}`));
  }
  const { halt } = health;
  if (halt.mode === 'halted' && halt.cause !== 'person') problems.push(degraded('account-limit', halt.reason));
  return problems;
}
