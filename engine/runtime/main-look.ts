import type { TrustedKey } from '#engine/attestation/keys.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { checkStatement, type Desired, type Examined, examine, type Refusal, readDesired } from './candidate.ts';
import { readLimits } from './limits.ts';
import type { EngineProblem } from './status.ts';
import { readTrust } from './trust.ts';

/** Main at one commit, as far as it can be believed: what it asks for, and what it takes to load it. */
export interface MainLook {
  readonly commit: CommitHash;
  readonly strategies: readonly Desired[];
  /** Folders that name no strategy. */
  readonly strangers: readonly string[];
  /** What may be lost; null where it cannot be read. */
  readonly limits: RiskPolicy | null;
  readonly problems: readonly EngineProblem[];
  /** Everything that is looked at when a version is refused: the same look would end the same way. */
  readonly seen: string;
  /** The keys whose word counts: a running version is vouched for again when they change. */
  readonly trusted: string;
  /** Whether a version may trade here, and what it needs to. */
  examine(desired: Desired): Promise<Examined>;
  /** Null while somebody who is trusted vouches for a version. */
  vouch(desired: Desired): Promise<Refusal | null>;
}

export interface MainSource {
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly store: EngineStore;
  /** False until a commit of main was read that says what may be lost. */
  readonly areLimitsKnown: () => boolean;
  /** Why a version of this stage may not trade here now; null where it may. */
  readonly realMoneyRefusal: (stage: Stage) => string | null;
}

/** Looks at main in the mirror as it is now; or says why nothing is taken from it. @param last commit that was taken up before */
export async function lookAtMain(source: MainSource, last: CommitHash | null): Promise<MainLook | EngineProblem> {
  const { repository, state, store, areLimitsKnown, realMoneyRefusal } = source;
  const tip = await repository.resolve('main');
  if (tip === null) return { status: 'OutOfSync', code: 'no-main', reason: 'the remote has no branch main' };
  if (last !== null && !(await repository.isOnFirstParentLine(last, tip))) {
    const reason = `main was rewritten: ${tip.slice(0, 12)} does not go on from ${last.slice(0, 12)}, so nothing is taken from it`;
    return { status: 'Degraded', code: 'rewritten', reason };
  }
  const trust = await readTrust(store, repository, tip);
  const { strategies, strangers } = await readDesired(repository, tip);
  const limits = await readLimits(repository, tip, areLimitsKnown());
  const vouching = () => ({ repository, state: state.snapshot(), keys: trust.keys, commit: tip });
  return {
    commit: tip,
    strategies,
    strangers,
    limits: limits.policy,
    problems: [trust.problem, limits.problem].filter((problem) => problem !== null),
    seen: `${tip} ${state.commit}`,
    trusted: textOf(trust.keys),
    examine: (desired) => examine(desired, { ...vouching(), realMoneyRefusal }),
    vouch: (desired) => checkStatement(desired, vouching()),
  };
}

function textOf(keys: readonly TrustedKey[]): string {
  return keys.map((key) => `${key.id} ${key.notBefore} ${key.notAfter} ${key.revoked}`).join();
}
