import { type Addition, closeSearch, type LedgerEntry, type NightReturns } from '#bot/evidence/ledger.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';

export const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;

/** Daily returns that look like trading: a market everyone shares, and something of their own. */
export function someReturns(
  series: number,
  options: { days?: number; firstDay?: number; seed?: number; own?: number } = {},
): NightReturns {
  const { days = 200, firstDay = 19_000, seed = 1, own = 0.01 } = options;
  const random = new RandomStream(seed, 'returns');
  const market = Array.from({ length: days }, () => 0.01 * random.normal());
  return {
    firstDay,
    days,
    trials: Array.from({ length: series }, (_, index) => index + 1),
    series: Array.from({ length: series }, () => Float64Array.from(market, (value) => value + own * random.normal())),
  };
}

/** A whole night with as many trials as there are return series. */
export function nightOf(cycle: string, returns: NightReturns | null, more: readonly LedgerEntry[] = []): Addition {
  const trials = returns?.trials ?? [];
  const closing = closeSearch(trials.length, returns);
  const entries: LedgerEntry[] = [
    {
      kind: 'night-began',
      cycle,
      strategy: 'ema-cross',
      asOf: Date.UTC(2026, 0, 5),
      parentTree: 'a'.repeat(40),
      proposer: 'evolution',
      trialsPlanned: trials.length,
      seed: 7,
    },
    ...(trials.length === 0
      ? []
      : [
          {
            kind: 'trials-planned' as const,
            trials: trials.map((trial) => ({ trial, label: `try ${trial}`, configuration: digest('c') })),
          },
        ]),
    ...trials.map((trial) => ({
      kind: 'trial' as const,
      trial,
      outcome: 'scored' as const,
      resultId: digest('b'),
      netReturn: 0.01,
      reason: null,
    })),
    closing.entry,
    ...more,
    { kind: 'night-ended', decision: 'NO_CHANGE', reason: 'nothing', trials: trials.length },
  ];
  return { entries, ...closing.returns };
}
