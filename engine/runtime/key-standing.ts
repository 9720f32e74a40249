import { RatchetError } from '#engine/errors.ts';
import type { KeyRights } from '#engine/venues/venue.ts';
import type { TradedVenue } from './real-money.ts';
import type { EngineProblem } from './status.ts';

/** What a venue said of the key when its account was last opened, or when that was tried. */
export interface KeyStanding {
  /** Why it is not traded with; null where it is. */
  readonly refusal: string | null;
  /** What it may do; null before the venue was asked. */
  readonly rights: KeyRights | null;
}

export const unaskedKey: KeyStanding = { refusal: null, rights: null };

/** After an attempt to open the account ended like that: a line that broke says nothing of the key. */
export function afterFailure(before: KeyStanding, error: unknown): KeyStanding {
  const isRefused = error instanceof RatchetError && error.code.startsWith('venue/key-may');
  return isRefused ? { ...before, refusal: error.message } : before;
}

/** What a person should know of the key; nothing of one that may trade and not withdraw. */
export function keyProblems({ refusal, rights }: KeyStanding, { name, account }: TradedVenue): EngineProblem[] {
  const problem = (code: string, reason: string): EngineProblem[] => [
    { status: 'Degraded', code, reason: `${name} account ${account}: ${reason}` },
  ];
  if (refusal !== null)
    return problem('key-refused', `${refusal} Nothing is sent there until the exchange says otherwise, or the key is another`);
  if (rights?.canWithdraw === null)
    return problem(
      'key-unknown',
      'the exchange did not say whether the key may withdraw; see there that it may not. It is asked again at the next start',
    );
  return [];
}
