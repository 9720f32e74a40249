import { z } from 'zod';

const GitHash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'a git hash is 40 or 64 hexadecimal digits');
/** Shaped as the contract's own, which stands above this room. */
const StrategyId = z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, 'a strategy id is lower-case letters, digits and hyphens');
const Sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a digest is sha256: and 64 hexadecimal digits');

/** Every gate ran on this pair of commits and each was a success; anything else is never signed. */
const GatesClaim = z.strictObject({
  kind: z.literal('gates'),
  strategy: StrategyId,
  head: GitHash,
  base: GitHash,
  /** Gate name to outcome, at least one. */
  gates: z.record(z.string().min(1), z.literal('success')).refine((gates) => Object.keys(gates).length > 0, 'at least one gate'),
  /** Digest of the evidence pack the gates re-executed. */
  evidence: Sha256,
});

/** The owner of the workspace put this tree in place without evidence: the first incumbent, from which evidence starts. */
const AdoptedClaim = z.strictObject({
  kind: z.literal('adopted'),
  strategy: StrategyId,
  head: GitHash,
  reason: z.string().min(1).max(300),
});

export const Claim = z.discriminatedUnion('kind', [GatesClaim, AdoptedClaim]);
export type Claim = z.infer<typeof Claim>;

export const statementType = 'https://in-toto.io/Statement/v1';
export const predicateType = 'https://slsa.dev/verification_summary/v1';

/**
 * An in-toto statement (v1) that a strategy's tree passed, as a SLSA verification summary (v1).
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, https://slsa.dev/verification_summary/v1
 */
export const Statement = z
  .strictObject({
    _type: z.literal(statementType),
    subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ gitTree: GitHash }) })).length(1),
    predicateType: z.literal(predicateType),
    predicate: z.strictObject({
      verifier: z.strictObject({ id: z.string().min(1) }),
      timeVerified: z.iso.datetime(),
      /** The strategy's folder. */
      resourceUri: z.string().min(1),
      /** Tree of `policies/` at the commit whose policy decided. */
      policy: z.strictObject({ uri: z.literal('policies'), digest: z.strictObject({ gitTree: GitHash }) }),
      verificationResult: z.literal('PASSED'),
      verifiedLevels: z.array(z.enum(['RATCHET_GATES', 'RATCHET_ADOPTED'])).length(1),
      slsaVersion: z.literal('1.0'),
      /** Ours; readers of the SLSA predicate ignore fields they do not know. */
      ratchet: Claim,
    }),
  })
  .refine(
    ({ subject, predicate }) => subject[0]!.name === `strategies/${predicate.ratchet.strategy}`,
    'the subject is the strategy of the claim',
  )
  .refine(
    ({ predicate }) => predicate.verifiedLevels[0] === (predicate.ratchet.kind === 'gates' ? 'RATCHET_GATES' : 'RATCHET_ADOPTED'),
    'the level is that of the claim',
  );
export type Statement = z.infer<typeof Statement>;

export interface StatementFacts {
  readonly claim: Claim;
  /** The strategy's tree, all of it: code, manifest with its stage, evidence. */
  readonly tree: string;
  /** Tree of `policies/` at the base commit (`gates`) or at the adopted commit (`adopted`). */
  readonly policyTree: string;
  /** Who looked: `ratchet gate 0.1.0`, a workflow run's address. */
  readonly verifier: string;
  /** UTC milliseconds. */
  readonly timeVerified: number;
}

export function createStatement({ claim, tree, policyTree, verifier, timeVerified }: StatementFacts): Statement {
  const path = `strategies/${claim.strategy}`;
  return Statement.parse({
    _type: statementType,
    subject: [{ name: path, digest: { gitTree: tree } }],
    predicateType,
    predicate: {
      verifier: { id: verifier },
      timeVerified: new Date(timeVerified).toISOString(),
      resourceUri: path,
      policy: { uri: 'policies', digest: { gitTree: policyTree } },
      verificationResult: 'PASSED',
      verifiedLevels: [claim.kind === 'gates' ? 'RATCHET_GATES' : 'RATCHET_ADOPTED'],
      slsaVersion: '1.0',
      ratchet: claim,
    },
  });
}

/** Where the state branch keeps the statement about a tree. */
export function statementPath(tree: string): string {
  return `statements/${GitHash.parse(tree)}.dsse.json`;
}
