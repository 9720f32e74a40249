import { z } from 'zod';
import { parsePolicy } from '#bot/gates/policies.ts';
import { normalName } from './pep440.ts';
import type { Vulnerability } from './scan.ts';

export const ADVISORIES_PATH = 'policies/advisories.yaml';

const DAY_MS = 86_400_000;

const Exception = z.strictObject({
  /** `GHSA-…`, `CVE-…`, `PYSEC-…`: the advisory's own or one of its aliases. */
  id: z
    .string()
    .regex(/^[A-Za-z]+(?:-[A-Za-z0-9]+)+$/, 'an advisory is named like GHSA-xxxx-xxxx-xxxx, CVE-2026-1234 or PYSEC-2026-12'),
  /** Only in this package; without it, in whichever has it. */
  package: z.string().min(1).optional(),
  /** Why it does no harm here, for whoever reads it in a year. */
  reason: z.string().trim().min(1),
  /** The last day it holds, UTC. */
  expiry: z.iso.date('the expiry is a day that exists, written YYYY-MM-DD'),
});
type Exception = z.infer<typeof Exception>;

/** Advisories that people have decided to live with, for a time. */
export const AdvisoriesPolicy = z.strictObject({ exceptions: z.array(Exception) });
export type AdvisoriesPolicy = z.infer<typeof AdvisoriesPolicy>;

/**
 * @param text null where the commit has no such file: then nothing is excepted
 * @throws RatchetError `policy/unreadable` naming the file and the first thing wrong with it
 */
export function parseAdvisories(text: string | null): AdvisoriesPolicy {
  return text === null ? { exceptions: [] } : parsePolicy(ADVISORIES_PATH, text, AdvisoriesPolicy);
}

/** The exception that an advisory in a package has: one that holds, else one that has expired, else none. */
export function exceptionFor(
  policy: AdvisoriesPolicy,
  { package: locked, advisory }: Vulnerability,
  now: number,
): { readonly exception: Exception; readonly holds: boolean } | null {
  const ids = new Set([advisory.id, ...advisory.aliases].map((id) => id.toLowerCase()));
  const isSame = (name: string) =>
    locked.ecosystem === 'PyPI' ? normalName(name) === normalName(locked.name) : name === locked.name;
  const matching = policy.exceptions.filter(
    (item) => ids.has(item.id.toLowerCase()) && (item.package === undefined || isSame(item.package)),
  );
  const valid = matching.find((item) => !hasExpired(item, now));
  const exception = valid ?? matching[0];
  return exception === undefined ? null : { exception, holds: valid !== undefined };
}

export function hasExpired({ expiry }: Pick<Exception, 'expiry'>, now: number): boolean {
  return now >= Date.parse(expiry) + DAY_MS;
}
