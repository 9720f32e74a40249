import type { Permission } from './repository-api.ts';

const RANK: Readonly<Record<Permission, number>> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** Whether a permission holds all that another does. */
export function isAtLeast(permission: Permission, needed: Permission): boolean {
  return RANK[permission] >= RANK[needed];
}
