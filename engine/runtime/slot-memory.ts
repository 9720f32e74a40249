import { z } from 'zod';
import { StoredState } from '#engine/backtest/live-strategy.ts';
import { RatchetError } from '#engine/errors.ts';
import { LimitWatch } from '#engine/risk/limit-watch.ts';
import type { AccountRow } from '#engine/store/rows.ts';
import { type AccountSnapshot, StoredAccount } from './account-snapshot.ts';

const Timeframe = z.enum(['1m', '5m', '15m', '30m', '1h', '4h', '1d']);

/** What a slot remembers beside its account, as it is stored. */
export const SlotMemory = z.strictObject({
  /** The strategy's own state after the last bar it decided on without fault. */
  state: StoredState.nullable(),
  /** A strategy that fails is started again once; the next version gets a chance of its own. */
  restartsLeft: z.int().min(0).max(1),
  /** Why the version no longer decides; null when it does. */
  heldReason: z.string().nullable(),
  timeframe: Timeframe,
  /** How far it is from its limits; absent in records from before there were any, which begin to count at their next start. */
  watch: LimitWatch.nullable().default(null),
});
export type SlotMemory = z.infer<typeof SlotMemory>;

export interface StoredSlot {
  readonly strategy: string;
  readonly deployment: number | null;
  readonly account: AccountSnapshot;
  readonly memory: SlotMemory;
}

/** @throws RatchetError `engine/stored-slot` when the row is not what an engine writes */
export function readStoredSlot(row: AccountRow): StoredSlot {
  try {
    const account = StoredAccount.parse(JSON.parse(row.account));
    const memory = SlotMemory.parse(JSON.parse(row.memory));
    return { strategy: row.strategy, deployment: row.deployment, account, memory };
  } catch (error) {
    throw new RatchetError(
      'engine/stored-slot',
      `The stored account of ${row.strategy} cannot be read.`,
      'Restore the store from its backup; nothing was changed.',
      { strategy: row.strategy },
      error,
    );
  }
}
