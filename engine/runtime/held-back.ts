import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { type Control, exitReasonOf } from './control.ts';
import type { LoadedVersion } from './loaded-version.ts';
import type { SlotAccount } from './slot-account.ts';

/** What may keep a strategy from what it decides. */
export interface HeldBack {
  /** What people have ordered. */
  readonly control: Control;
  /** Main no longer has it. */
  readonly isLeaving: boolean;
  /** Its next version trades on another account. */
  readonly isChangingHands: boolean;
  /** Its version has failed too often, and decides no longer. */
  readonly isHeld: boolean;
  /** A switch for real money is off. */
  readonly isRefusedMoney: boolean;
  /** Its version has reached a limit. */
  readonly hasBreached: boolean;
}

/** Of all that holds its entries back, the strictest. */
export function haltOf({ control, isLeaving, isChangingHands, isHeld, isRefusedMoney, hasBreached }: HeldBack): HaltState {
  const mode = control.mode === 'flattening' ? 'reducing' : control.mode;
  const isHeldBack = isHeld || isLeaving || isRefusedMoney || isChangingHands;
  // Nobody minds any more what a strategy that no longer decides has ordered.
  const isWithdrawing = mode === 'reducing' || mode === 'halted';
  return hasBreached ? 'breach' : isHeldBack && !isWithdrawing ? 'reducing' : mode;
}

/** What goes whatever the strategy decided; a symbol it leaves by itself is left to it. @param version null where none decides */
export function forcedExits(
  account: SlotAccount,
  decided: readonly DecisionRecord[],
  version: LoadedVersion | null,
  { control, isLeaving, isChangingHands }: HeldBack,
): DecisionRecord[] {
  if (isLeaving) return exitsOf(account, 'main no longer has this strategy', () => true);
  if (isChangingHands) return exitsOf(account, 'its next version trades on another account', () => true);
  if (control.mode === 'reducing' || control.mode === 'flattening') {
    const isOwnExit = (symbol: string) => decided.some((own) => own.symbol === symbol && own.action === 'exit');
    return exitsOf(account, exitReasonOf(control), (symbol) => !isOwnExit(symbol));
  }
  if (version === null) return [];
  if (version.candidate.manifest.stage === 'shadow') return exitsOf(account, 'a shadow strategy holds nothing', () => true);
  return exitsOf(account, 'this version does not trade it', (symbol) => !version.symbols.includes(symbol));
}

function exitsOf(account: SlotAccount, reason: string, isForced: (symbol: string) => boolean): DecisionRecord[] {
  return account
    .positions()
    .filter(({ symbol, quantity }) => quantity > 0 && isForced(symbol))
    .map(({ symbol }) => ({ symbol, action: 'exit', reason }));
}
