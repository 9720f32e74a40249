import { existsSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { leaveForEngine } from './leave-for-engine.ts';
import { enginePaths } from './options.ts';

/** A person accepts what was found about a symbol and could not be explained: it may be traded again. */
export const AcceptRequest = z.strictObject({
  symbol: z.string().min(1).max(100),
  by: z.string().min(1).max(200),
  reason: z.string().min(1).max(500),
});
export type AcceptRequest = z.infer<typeof AcceptRequest>;

/** Leaves the request for the engine of this folder, which takes it away when it has dealt with it. */
export function requestAcceptance(dir: string, request: AcceptRequest): void {
  leaveForEngine(enginePaths(dir).accept, JSON.stringify(request));
}

/** What is asked for and not dealt with; null when nothing is, or nothing that can be read. */
export function pendingAcceptance(dir: string): AcceptRequest | null {
  const { accept } = enginePaths(dir);
  if (!existsSync(accept)) return null;
  try {
    return AcceptRequest.parse(JSON.parse(readFileSync(accept, 'utf8')));
  } catch {
    // Nobody waits for it: the command writes whole files only.
    rmSync(accept, { force: true });
    return null;
  }
}

export function isAcceptancePending(dir: string): boolean {
  return existsSync(enginePaths(dir).accept);
}

export function settleAcceptance(dir: string): void {
  rmSync(enginePaths(dir).accept, { force: true });
}
