import { type Digest, digestOfJson } from '#engine/attestation/canonical.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import type { Span } from '#engine/candles/types.ts';
import { automaticBlockLength } from '#engine/statistics/block-length.ts';
import {
  allowanceOf,
  type ErrorAllowance,
  type FallingErrorBudget,
  fallingErrorBudget,
  refillWithDays,
  spendOpening,
} from '#engine/statistics/falling-error-budget.ts';
import { meanOf } from '#engine/statistics/moments.ts';
import { resampledMeans } from '#engine/statistics/resampled-means.ts';
import type { HeldOutPolicy } from './held-out-policy.ts';
import { broken, type EntryOf, type LedgerReading, recordsOf } from './ledger.ts';
import { fileDigests } from './strategy-version.ts';

const DAY_MS = 86_400_000;
const DAYS_PER_YEAR = 365;
/** Enough for the levels of a budget's first thirty openings to be told apart. */
const RESAMPLES = 20_000;

export type VaultAnswer = EntryOf<'vault-answered'>['answer'];

/** The files of a candidate and the tree it would replace: asked again in any other wrapping, it is the same question. */
export function vaultPair(files: ReadonlyMap<string, string>, parentTree: string): Digest {
  return digestOfJson({ files: fileDigests(files), parentTree });
}

export interface VaultRule {
  /** Ratio a year. */
  readonly margin: number;
  readonly level: number;
  /** Seed and name make the resamples repeatable: the same question has the same answer. */
  readonly seed: number;
  readonly name: string;
  /** 20,000 by default. */
  readonly resamples?: number;
}

/**
 * Whether days that nobody has seen make it unlikely that the candidate is worse than the incumbent by more than `margin` a year.
 * A test of non-inferiority (Blackwelder 1982, "Proving the null hypothesis in clinical trials"): the null is a mean daily
 * difference of at most -margin / 365, and only its rejection at `level` passes. The p-value is the share of stationary-bootstrap
 * resamples (Politis and Romano 1994) of the differences, recentred on the null, whose mean reaches the one observed; the
 * observed one counts among them, so it is never 0.
 *
 * So the error that is rationed is the dangerous one, letting a worse version pass; the more openings stand, the lower the level and
 * the more a candidate must show. Passing is no proof of being better: selection data and deflation speak of that.
 * @param differences daily return of the candidate minus that of the incumbent, in order of time
 */
export function passesVault(differences: Float64Array, { margin, level, seed, name, resamples = RESAMPLES }: VaultRule): boolean {
  const mean = meanOf(differences);
  if (mean === null || differences.length < 2) return false;
  const lead = mean + margin / DAYS_PER_YEAR;
  let reached = 1;
  const random = new RandomStream(seed, `vault/${name}`);
  for (const [drawn] of resampledMeans([differences], automaticBlockLength(differences), resamples, random)) {
    if (drawn! - mean >= lead) reached += 1;
  }
  return reached / (resamples + 1) <= level;
}

/**
 * The vault's error budget as the ledger leaves it: every opening spends, every day that has come into the vault since refills.
 * The policy's alpha and refill hold for what is to come; what was opened stays spent.
 */
export function vaultBudget(ledger: LedgerReading, policy: HeldOutPolicy['vault'], span: Span): FallingErrorBudget {
  let budget = fallingErrorBudget(policy.alpha, policy.daysPerOpening);
  let until: number | null = null;
  for (const { entry } of recordsOf(ledger, 'vault-opened')) {
    budget = spendOpening(refilled({ ...budget, ...ruleOf(entry) }, until, entry.until)).budget;
    until = Math.max(until ?? entry.until, entry.until);
  }
  return refilled({ ...budget, alpha: policy.alpha, daysPerRefill: policy.daysPerOpening }, until, span.to);
}

/** The line that opens the vault for a pair, with the level the budget allows it. */
export function nextOpening(
  ledger: LedgerReading,
  policy: HeldOutPolicy['vault'],
  span: Span,
  candidate: { readonly strategy: string; readonly tree: string; readonly pair: Digest },
): EntryOf<'vault-opened'> {
  const { level, budget } = spendOpening(vaultBudget(ledger, policy, span));
  return {
    kind: 'vault-opened',
    opening: budget.opened,
    ...candidate,
    alpha: policy.alpha,
    daysPerOpening: policy.daysPerOpening,
    level,
    until: span.to,
  };
}

export interface VaultRecord {
  readonly opened: EntryOf<'vault-opened'>;
  /** Null when the process died before it knew. */
  readonly answer: VaultAnswer | null;
}

/** Every opening, oldest first. */
export function vaultRecords(ledger: LedgerReading): readonly VaultRecord[] {
  const answers = new Map(recordsOf(ledger, 'vault-answered').map(({ entry }) => [entry.opening, entry.answer]));
  return recordsOf(ledger, 'vault-opened').map(({ entry }) => ({ opened: entry, answer: answers.get(entry.opening) ?? null }));
}

/**
 * What the ledger holds of a pair; null when the vault was never opened for it.
 * @param until end of the vault's span: what was said of fewer candles, or more, is no answer
 */
export function recordedOpening(ledger: LedgerReading, pair: Digest, until: number): VaultRecord | null {
  return vaultRecords(ledger).find(({ opened }) => opened.pair === pair && opened.until === until) ?? null;
}

/**
 * Every opening was made at the level that its own budget allowed it then.
 * @throws RatchetError `ledger/broken` naming the line of one that was not
 */
export function requireLevels(ledger: LedgerReading): void {
  let budget: FallingErrorBudget | null = null;
  let until: number | null = null;
  for (const { entry, path, line } of recordsOf(ledger, 'vault-opened')) {
    budget = { ...(budget ?? fallingErrorBudget(entry.alpha, entry.daysPerOpening)), ...ruleOf(entry) };
    const spent = spendOpening(refilled(budget, until, entry.until));
    if (spent.level !== entry.level)
      throw broken(path, line, `the vault was opened at a level of ${entry.level} where its budget allowed ${spent.level}`);
    budget = spent.budget;
    until = Math.max(until ?? entry.until, entry.until);
  }
}

export interface VaultStatus extends ErrorAllowance {
  readonly openings: readonly VaultRecord[];
  readonly standing: number;
  readonly alpha: number;
  /** Market time at which the next opening comes back, when the vault has its data; null when none stands. */
  readonly refillAt: number | null;
}

export function vaultStatus(ledger: LedgerReading, policy: HeldOutPolicy['vault'], span: Span): VaultStatus {
  const budget = vaultBudget(ledger, policy, span);
  const allowance = allowanceOf(budget);
  return {
    ...allowance,
    openings: vaultRecords(ledger),
    standing: budget.standing,
    alpha: budget.alpha,
    refillAt: allowance.daysToRefill === null ? null : span.to + allowance.daysToRefill * DAY_MS,
  };
}

function ruleOf({ alpha, daysPerOpening }: EntryOf<'vault-opened'>): Pick<FallingErrorBudget, 'alpha' | 'daysPerRefill'> {
  return { alpha, daysPerRefill: daysPerOpening };
}

/** With the days of the vault's newest span that lie beyond the end of the last opening's. */
function refilled(budget: FallingErrorBudget, until: number | null, to: number): FallingErrorBudget {
  if (until === null || to <= until) return budget;
  return refillWithDays(budget, Math.floor((to - until) / DAY_MS));
}
