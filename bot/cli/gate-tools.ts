import type { Command } from 'commander';
import type { AuditReport } from '#bot/gates/audit/report.ts';
import { shapeOf } from '#bot/gates/docs/command-shape.ts';
import { AUDIT_TIMEOUT_MS, type GateTools } from '#bot/gates/gate-tools.ts';
import { RatchetError } from '#engine/errors.ts';

/** Whom scanners ask, as given on the command line. */
export interface ScannerFlags {
  readonly npmRegistry?: string;
  readonly osvUrl?: string;
}

/** Scanners and whom they ask: flags over the environment over their own configuration. @param command any of the program's */
export function gateToolsFor(command: Command, flags: ScannerFlags, onAudit?: (report: AuditReport) => void): GateTools {
  const { env } = process;
  let root = command;
  while (root.parent !== null) root = root.parent;
  return {
    clock: Date.now,
    program: shapeOf(root),
    audit: {
      npm: 'npm',
      pipAudit: env.RATCHET_PIP_AUDIT ?? 'pip-audit',
      npmRegistry: address('--npm-registry', flags.npmRegistry ?? env.RATCHET_NPM_REGISTRY),
      osvUrl: address('--osv-url', flags.osvUrl ?? env.RATCHET_OSV_URL),
      timeoutMs: AUDIT_TIMEOUT_MS,
    },
    ...(onAudit === undefined ? {} : { onAudit }),
  };
}

function address(name: string, url: string | undefined): string | null {
  if (url === undefined || url === '') return null;
  if (/^https?:\/\/[^\s]+$/.test(url) && URL.canParse(url)) return url;
  throw new RatchetError('gates/address', `${name} ${url} is no web address.`, 'Give one that begins with https:// or http://.');
}
